"""Users in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.enums import Action
from audit.services import record_event
from common import clock
from common.actors import staff
from policy.identifiers import normalise_address


class NormalEmail:
    """Keeps the login address in its normal form."""

    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        """The normal form. Raises ValidationError for something that is no address."""
        try:
            return normalise_address(self.cleaned_data["email"])
        except ValueError as error:
            raise ValidationError(_("Enter an email address in the form name@example.org")) from error


class AddForm(NormalEmail, AdminUserCreationForm[User]):
    """A new user."""

    class Meta:
        model = User
        fields = ("email", "name", "language")


class ChangeForm(NormalEmail, UserChangeForm[User]):
    """An existing user."""

    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(StockUserAdmin[User]):
    """The staff."""

    form = ChangeForm
    add_form = AddForm
    list_display = ("email", "name", "language", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("name", "language")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "groups")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "language", "usable_password", "password1", "password2")}),)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        """Save, with an audit event."""
        super().save_model(request, obj, form, change)
        record_event(Action.USER_CHANGED, at=clock.now(), actor=staff(request.user.pk), object_ref=obj.pk)
