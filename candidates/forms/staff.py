"""Forms of the candidate's page."""

from datetime import datetime

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from candidates import pipeline
from candidates.enums import RECORDED_BY_STAFF, InteractionKind, Stage
from common.forms import LineField, TextField

GUIDE = _(
    "Write what was asked and answered, as it concerns the work. The candidate may read it on request. Nothing about "
    "health, family, origin, religion, opinions or other personal traits."
)


class NoteForm(forms.Form):
    """A note."""

    use_required_attribute = False

    text = TextField(
        label=_("Note"),
        max_length=settings.TEXT_MAX_CHARACTERS,
        help_text=GUIDE,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write something first.")},
    )


class InteractionForm(forms.Form):
    """A call, a mail or an interview that took place."""

    use_required_attribute = False

    kind = forms.ChoiceField(
        label=_("What took place"), choices=[(kind.value, kind.label) for kind in RECORDED_BY_STAFF]
    )
    occurred_at = forms.DateTimeField(
        label=_("When"),
        help_text=_("When it happened, in Finnish time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H.%M", "%d.%m.%Y %H:%M"],
        error_messages={
            "required": _("Say when it happened."),
            "invalid": _("Write date and time, for example 2026-11-24 14:30."),
        },
    )
    text = TextField(
        label=_("What was said"),
        max_length=settings.TEXT_MAX_CHARACTERS,
        help_text=_("As in a note: what concerns the work. The candidate may read it on request"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    @classmethod
    def blank(cls, at: datetime) -> "InteractionForm":
        """The form as it is first shown, with the present minute filled in."""
        return cls(
            initial={"occurred_at": timezone.localtime(at).replace(second=0, microsecond=0)}, prefix="interaction"
        )

    def clean_kind(self) -> InteractionKind:
        """The kind as the service takes it."""
        return InteractionKind(self.cleaned_data["kind"])


class MoveForm(forms.Form):
    """Where an application moves, and why if it was closed."""

    use_required_attribute = False

    to_stage = forms.ChoiceField(
        label=_("Move to"), choices=[(stage.value, stage.label) for stage in pipeline.CHOSEN_BY_STAFF]
    )
    reason = LineField(
        label=_("Reason"),
        required=False,
        max_length=1_000,
        help_text=_("Needed when a closed application is opened again. The candidate may read it"),
    )

    def clean_to_stage(self) -> Stage:
        """The stage as the service takes it."""
        return Stage(self.cleaned_data["to_stage"])
