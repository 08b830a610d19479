"""Positions in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.enums import Action
from audit.services import record_event
from candidates.models import Position
from common import clock
from common.actors import staff


@admin.register(Position)
class PositionAdmin(admin.ModelAdmin[Position]):
    """Openings, described in both languages."""

    list_display = ("title_shown", "team", "places", "employment_type", "open_from", "open_until", "is_published")
    list_filter = ("is_published", "employment_type", "remote")
    search_fields = ("title_en", "title_fi", "team", "places")
    prepopulated_fields = {"slug": ("title_en",)}
    ordering = ("-open_from", "slug")
    fieldsets = (
        (None, {"fields": ("title_en", "title_fi", "slug", "team", "contact_person")}),
        (_("Work"), {"fields": ("places", "remote", "employment_type", "salary_min", "salary_max", "salary_period")}),
        (_("Description"), {"fields": ("description_en", "description_fi")}),
        (_("Publication"), {"fields": ("is_published", "open_from", "open_until")}),
    )

    @admin.display(description=_("Position"))
    def title_shown(self, row: Position) -> str:
        """The title in the reader's language."""
        return row.title

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Position, form: forms.ModelForm[Position], change: bool) -> None:
        """Save, with an audit event."""
        super().save_model(request, obj, form, change)
        record_event(Action.POSITION_CHANGED, at=clock.now(), actor=staff(request.user.pk), object_ref=obj.pk)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only active colleagues can be the contact person, and they are shown by name."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "contact_person":
            field.queryset = User.objects.filter(is_active=True, is_staff=True).order_by("name", "email")
            field.label_from_instance = User.get_full_name
        return field
