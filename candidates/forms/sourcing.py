"""Forms for approaching people, and for the assessment that it needs."""

from datetime import date, datetime

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from candidates.enums import MeansOfContact, SourceKind
from candidates.services.outreach import NOTICE_MEANS
from candidates.services.sourcing import ORIGINS, Found
from common.forms import AddressField, DayField, LineField, LinkField, TextField
from policy.calendar import local_date, local_midnight


def moment_of(day: date, at: datetime, *, known_at: datetime | None = None) -> datetime:
    """The moment that stands for a day: now for today, the beginning of any other, and never before the person was
    known on the day on which they became known.
    """
    if day == local_date(at):
        return at
    return known_at if known_at and day == local_date(known_at) else local_midnight(day)


class ApproachForm(forms.Form):
    """A person whom a colleague wants to approach. It asks for what may be kept, and for nothing else."""

    use_required_attribute = False

    source_kind = forms.ChoiceField(label=_("Source"), choices=[(kind.value, kind.label) for kind in ORIGINS])
    source_ref = LineField(
        label=_("Where exactly"),
        max_length=500,
        help_text=_("The web address of the page, or who named the person. The person is told this"),
        error_messages={"required": _("Say where exactly the data are from.")},
    )
    found_on = DayField(
        label=_("Found on"), help_text=_("When you got the data. The person must be told within a month from it")
    )
    name = LineField(label=_("Name"), max_length=200, error_messages={"required": _("Write the person's name.")})
    email = AddressField(
        label=_("Email address"),
        required=False,
        help_text=_(
            "Only one that the person published for work, or that whoever named them gave you. Never guess one"
        ),
    )
    phone = LineField(label=_("Phone"), required=False, max_length=50, widget=forms.TextInput(attrs={"type": "tel"}))
    link = LinkField(
        label=_("Another link"),
        required=False,
        help_text=_("A professional profile. The portal never fetches it"),
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )
    skills = TextField(
        label=_("Role and skills"),
        required=False,
        max_length=settings.TEXT_MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason = TextField(
        label=_("Why this person"),
        max_length=settings.TEXT_MAX_CHARACTERS,
        help_text=_("What in their work fits ours. The person may read it on request"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why you thought of this person.")},
    )
    language = forms.ChoiceField(label=_("We write in"), choices=[("fi", _("Finnish")), ("en", _("English"))])

    @classmethod
    def blank(cls, at: datetime) -> "ApproachForm":
        """The form as it is first shown, with today filled in."""
        return cls(initial={"found_on": local_date(at)})

    def found(self) -> Found:
        """The person as the service takes them."""
        data = self.cleaned_data
        return Found(
            name=data["name"],
            language=data["language"],
            source_kind=SourceKind(data["source_kind"]),
            source_ref=data["source_ref"],
            reason=data["reason"],
            email=data["email"],
            phone=data["phone"],
            skills=data["skills"],
            link=data["link"],
        )


class OutreachForm(forms.Form):
    """A message to a person who was approached."""

    use_required_attribute = False

    subject = LineField(
        label=_("Subject"), max_length=150, error_messages={"required": _("Write a subject and a message.")}
    )
    text = TextField(
        label=_("Message"),
        max_length=settings.TEXT_MAX_CHARACTERS,
        help_text=_("Say who you are and why you write to this person. The notice about their data follows by itself"),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write a subject and a message.")},
    )


class NoticeForm(forms.Form):
    """That the notice was given outside the portal."""

    use_required_attribute = False

    means = forms.ChoiceField(label=_("By what means"), choices=[(means.value, means.label) for means in NOTICE_MEANS])
    given_on = DayField(label=_("Given on"))

    @classmethod
    def blank(cls, at: datetime) -> "NoticeForm":
        """The form as it is first shown, with today filled in."""
        return cls(initial={"given_on": local_date(at)}, prefix="notice")

    def clean_means(self) -> MeansOfContact:
        """The means as the service takes them."""
        return MeansOfContact(self.cleaned_data["means"])


class AssessmentForm(forms.Form):
    """The legal assessment without which nobody is approached."""

    use_required_attribute = False

    document_ref = LineField(
        label=_("Where the assessment is kept"),
        max_length=300,
        help_text=_("A link or a file number. The assessment itself stays there"),
        error_messages={"required": _("Say where the assessment is kept.")},
    )
    valid_until = DayField(
        label=_("Valid until"), help_text=_("The last day. A year is usual; law and practice change")
    )
