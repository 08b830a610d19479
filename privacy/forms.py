"""Forms of "my data", and of the privacy officer's desk."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from candidates.enums import HeldKind, HoldGround, RestrictionGround
from common.forms import AddressField, DayField, LineField, MomentField, minute
from policy.periods import RETENTION_YEARS
from privacy.enums import Decision, RequestChannel, SubjectRequestKind


class SignInForm(forms.Form):
    """The address to which a link is sent."""

    use_required_attribute = False

    email = AddressField(
        label=_("Email address"),
        help_text=_("The one that you applied with"),
        error_messages={"required": _("Enter your email address")},
    )


class RequestForm(forms.Form):
    """What somebody asks for. Who asks is known already, or is named by an address."""

    use_required_attribute = False

    kind = forms.ChoiceField(label=_("What they ask for"), choices=SubjectRequestKind.choices)
    channel = forms.ChoiceField(label=_("How it came"), choices=RequestChannel.choices, initial=RequestChannel.MAIL)
    received_at = MomentField(
        label=_("When it first reached us"),
        help_text=_("The time for the answer runs from here, in Finnish time"),
        error_messages={"required": _("Say when it reached us.")},
    )
    address = AddressField(label=_("Email address of whoever asks"), required=False)
    language = forms.ChoiceField(
        label=_("Language of the answer"), choices=[("fi", _("Finnish")), ("en", _("English"))]
    )
    is_identified = forms.BooleanField(
        label=_("I am sure who asks"),
        required=False,
        help_text=_("Then an erasure hides the person at once, and an objection restricts them at once"),
    )
    wants_suppression = forms.BooleanField(
        label=_("With an objection: they do not want to be approached again either"), required=False
    )

    def __init__(self, *args: Any, is_known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_known:
            del self.fields["address"], self.fields["language"]

    @classmethod
    def blank(cls, at: datetime, *, is_known: bool) -> "RequestForm":
        """The form as it is first shown, with the present minute filled in."""
        return cls(initial={"received_at": minute(at)}, is_known=is_known)


class ExtendForm(forms.Form):
    """Two further months for an answer."""

    use_required_attribute = False

    has_told = forms.BooleanField(label=_("I have told the person that it takes longer, and why"), required=False)


class CloseForm(forms.Form):
    """How a request was answered."""

    use_required_attribute = False

    decision = forms.ChoiceField(label=_("Decision"), choices=Decision.choices)
    ground = LineField(
        label=_("Ground"),
        required=False,
        max_length=300,
        help_text=_("Needed where something is refused. The person is told"),
    )

    def clean_decision(self) -> Decision:
        """The decision as the service takes it."""
        return Decision(self.cleaned_data["decision"])


class ObjectionForm(forms.Form):
    """Whether there are compelling grounds against an objection."""

    use_required_attribute = False

    has_grounds = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            ("no", _("No compelling grounds: erase the person now")),
            ("yes", _("Compelling grounds: the data stay")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    ground = LineField(
        label=_("The compelling grounds"), required=False, max_length=300, help_text=_("The person is told")
    )

    def clean_has_grounds(self) -> bool:
        """Whether there are any."""
        return bool(self.cleaned_data["has_grounds"] == "yes")


class RestrictForm(forms.Form):
    """On which ground a person is restricted."""

    use_required_attribute = False

    ground = forms.ChoiceField(label=_("Ground"), choices=RestrictionGround.choices)

    def clean_ground(self) -> RestrictionGround:
        """The ground as the service takes it."""
        return RestrictionGround(self.cleaned_data["ground"])


class HoldForm(forms.Form):
    """What is kept for a claim, for which case, and who answers for it."""

    use_required_attribute = False

    case_ref = LineField(
        label=_("Case reference"),
        max_length=100,
        error_messages={"required": _("A hold needs the reference of its case.")},
    )
    ground = forms.ChoiceField(label=_("Ground"), choices=HoldGround.choices)
    owner = forms.ModelChoiceField(label=_("Who answers for it"), queryset=User.objects.none(), empty_label=None)
    ends_on = DayField(
        label=_("Last day"),
        required=False,
        help_text=_("For a claim over a decision: a year after the person was told of it. What is kept goes after it"),
    )
    items = forms.MultipleChoiceField(
        label=_("What is kept"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose what is kept. A hold never keeps everything."),
            "invalid_choice": _("Something that you chose is not this person's."),
        },
    )

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], owner_ref: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = self.fields["owner"]
        owners.queryset = User.objects.filter(is_active=True, is_staff=True).order_by("name", "email")  # type: ignore[attr-defined]
        owners.label_from_instance = User.get_full_name  # type: ignore[attr-defined]
        owners.initial = owner_ref
        self.fields["items"].choices = choices  # type: ignore[attr-defined]

    def clean_ground(self) -> HoldGround:
        """The ground as the service takes it."""
        return HoldGround(self.cleaned_data["ground"])

    def clean_items(self) -> list[tuple[HeldKind, UUID]]:
        """The items as the service takes them."""
        pairs = (item.partition(":") for item in self.cleaned_data["items"])
        return [(HeldKind(kind), UUID(ref)) for kind, _colon, ref in pairs]


class ApproveStopForm(forms.Form):
    """Why it is right that a stopped run goes on."""

    use_required_attribute = False

    reason = LineField(
        label=_("Why it is right to go on"),
        max_length=240,
        help_text=_("It is kept in the record. Write no names."),
        error_messages={"required": _("Say why it is right to go on.")},
    )


class HorizonForm(forms.Form):
    """Another base period to try."""

    use_required_attribute = False

    months = forms.IntegerField(
        label=_("Months after the last contact"),
        min_value=1,
        max_value=12 * RETENTION_YEARS,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "min_value": _("Enter a whole number from 1 to 24"),
            "max_value": _("Enter a whole number from 1 to 24"),
            "invalid": _("Enter a whole number from 1 to 24"),
        },
    )


class AddFileForm(forms.Form):
    """Another file in place of one that was refused. What is wrong with the file itself the view finds."""

    use_required_attribute = False

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        help_text=_("PDF, DOCX or ODT, at most 10 MB"),
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.odt"}),
        error_messages={"required": _("Choose a file"), "missing": _("Choose a file")},
    )
