"""Forms of the candidate's page."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from candidates import pipeline
from candidates.enums import Stage
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
