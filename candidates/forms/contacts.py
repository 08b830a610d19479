"""Forms for contacts and interviews on the candidate's page."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from candidates.enums import (
    RECORDED_BY_STAFF,
    REVOCATIONS,
    Direction,
    InteractionKind,
    MeansOfContact,
    RevocationReason,
)
from candidates.models import Application, Interaction
from candidates.services.interactions import POSSIBLE_MEANS, USUAL
from common.forms import LineField, MomentField, TextField, minute

MEANS = [(means.value, means.label) for means in MeansOfContact if means != MeansOfContact.PORTAL]


class KindSelect(forms.Select):
    """What took place. Each choice names its usual means and direction, which the page's script fills in."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The option, with what is usual for it."""
        option = super().create_option(*args, **kwargs)
        means, direction = USUAL[InteractionKind(str(option["value"]))]
        option["attrs"] |= {"data-means": means.value, "data-direction": direction.value}
        return option


class AboutField(forms.TypedChoiceField):
    """Which application something is about, if any."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=UUID, empty_value=None, required=False, label=_("About"), **kwargs)

    def offer(self, applications: Iterable[Application]) -> None:
        """Offer these applications, the newest of the open ones first chosen."""
        rows = list(applications)
        self.choices = [*((str(row.pk), _title(row)) for row in rows), ("", _("No application"))]
        chosen = next((row for row in rows if not row.closed_at), rows[0] if rows else None)
        self.initial = str(chosen.pk) if chosen else ""


def _title(application: Application) -> str:
    title = application.position.title if application.position else _("Open application")
    return f"{title} ({application.reference})"


class InteractionForm(forms.Form):
    """A call, a mail or an interview that took place."""

    use_required_attribute = False
    prefix = "interaction"

    kind = forms.ChoiceField(
        label=_("What took place"),
        choices=[(kind.value, kind.label) for kind in RECORDED_BY_STAFF],
        widget=KindSelect(attrs={"data-leads": "means direction"}),
    )
    occurred_at = MomentField(label=_("When"), help_text=_("When it happened, in Finnish time"))
    means = forms.ChoiceField(label=_("By what means"), choices=MEANS, initial=USUAL[RECORDED_BY_STAFF[0]][0].value)
    direction = forms.ChoiceField(
        label=_("Who began"),
        choices=[(Direction.OUT.value, _("We")), (Direction.IN.value, _("The candidate"))],
        initial=USUAL[RECORDED_BY_STAFF[0]][1].value,
    )
    application_id = AboutField()
    text = TextField(
        label=_("What was said"),
        max_length=settings.TEXT_MAX_CHARACTERS,
        help_text=_("As in a note: what concerns the work. The candidate may read it on request"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    def __init__(self, data: Any = None, *, applications: Iterable[Application], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.about.offer(applications)

    @property
    def about(self) -> AboutField:
        """The field that says which application it is about."""
        field = self.fields["application_id"]
        assert isinstance(field, AboutField)
        return field

    @classmethod
    def blank(cls, at: datetime, applications: Iterable[Application]) -> "InteractionForm":
        """The form as it is first shown, with the present minute filled in."""
        return cls(initial={"occurred_at": minute(at)}, applications=applications)

    def clean_kind(self) -> InteractionKind:
        """The kind as the service takes it."""
        return InteractionKind(self.cleaned_data["kind"])

    def clean_means(self) -> MeansOfContact:
        """The means as the service takes them."""
        return MeansOfContact(self.cleaned_data["means"])

    def clean_direction(self) -> Direction:
        """The direction as the service takes it."""
        return Direction(self.cleaned_data["direction"])


class RevokeForm(forms.Form):
    """Why a contact did not take place after all."""

    use_required_attribute = False
    prefix = "revoke"

    reason = forms.ChoiceField(label=_("Why"), error_messages={"required": _("Say why.")})

    def __init__(self, data: Any = None, *, interaction: Interaction) -> None:
        super().__init__(data)
        field = self.fields["reason"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(reason.value, reason.label) for reason in REVOCATIONS[interaction.kind]]

    def clean_reason(self) -> RevocationReason:
        """The reason as the service takes it."""
        return RevocationReason(self.cleaned_data["reason"])


class MomentForm(forms.Form):
    """When a contact really took place."""

    use_required_attribute = False
    prefix = "moment"

    occurred_at = MomentField(label=_("When it really happened"), help_text=_("In Finnish time"))


class InterviewForm(forms.Form):
    """An interview that is to take place."""

    use_required_attribute = False
    prefix = "interview"

    starts_at = MomentField(
        label=_("Begins"),
        help_text=_("In Finnish time"),
        error_messages={"required": _("Say when it begins.")},
    )
    means = forms.ChoiceField(
        label=_("By what means"),
        choices=[value for value in MEANS if value[0] in POSSIBLE_MEANS[InteractionKind.INTERVIEW]],
        initial=MeansOfContact.MEETING.value,
    )
    place = LineField(label=_("Place or link"), required=False, max_length=300)
    application_id = AboutField()

    def __init__(self, data: Any = None, *, applications: Iterable[Application], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field = self.fields["application_id"]
        assert isinstance(field, AboutField)
        field.offer(row for row in applications if not row.closed_at)

    def clean_means(self) -> MeansOfContact:
        """The means as the service takes them."""
        return MeansOfContact(self.cleaned_data["means"])
