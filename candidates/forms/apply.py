"""The application form. What a person typed comes back whole whatever is wrong with it."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from candidates.enums import DocumentKind, LinkKind
from common.forms import AddressField, LineField, LinkField, TextField, check_link
from files.enums import DOCUMENT_KINDS, PICTURE_SIGNATURES

MAX_LINKS = 5

FILE_FIELDS = {"cv": DocumentKind.CV, "letter_file": DocumentKind.COVER_LETTER, "other_file": DocumentKind.OTHER}
"""The file inputs, and what a file that comes in by one is."""

FILE_KINDS = {
    "cv": DOCUMENT_KINDS,
    "letter_file": DOCUMENT_KINDS,
    "other_file": DOCUMENT_KINDS | set(PICTURE_SIGNATURES),
}
"""What each takes: certificates and samples of work may be pictures; a CV and a letter are read as text too."""


class LinksField(TextField):
    """Further links, one on each line."""

    def clean(self, value: Any) -> str:
        """The links, each on a line of its own. Raises ValidationError for one that is none, or for too many."""
        text = super().clean(value)
        lines = [LinkField(required=False).to_python(line) for line in text.splitlines() if line.strip()]
        if len(lines) > MAX_LINKS:
            raise ValidationError(_("Give at most %(count)d links."), code="links", params={"count": MAX_LINKS})
        for line in lines:
            if len(line) > 500:
                raise ValidationError(_("A link is longer than 500 characters."), code="link")
            check_link(line)
        return "\n".join(lines)


def _text_widget(rows: int, **attributes: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attributes})


class ApplicationForm(forms.Form):
    """Name, address, and a CV or a link; the rest is optional. Files are staged by the view and only counted here."""

    use_required_attribute = False

    name = LineField(
        label=_("Full name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
        error_messages={"required": _("Enter your name"), "max_length": _("The name is longer than 200 characters")},
    )
    email = AddressField(
        label=_("Email address"),
        help_text=_("We send a receipt and our answer to it"),
        error_messages={
            "required": _("Enter your email address"),
            "max_length": _("The address is longer than 254 characters"),
        },
    )
    cv = forms.FileField(
        label=_("CV"),
        required=False,
        help_text=_("PDF, DOCX or ODT, at most 10 MB. Not needed if you give a link to a profile"),
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.odt"}),
    )
    linkedin = LinkField(
        label=_("LinkedIn"), required=False, widget=forms.TextInput(attrs={"autocomplete": "url", "inputmode": "url"})
    )
    github = LinkField(label=_("GitHub"), required=False, widget=forms.TextInput(attrs={"inputmode": "url"}))
    links = LinksField(
        label=_("Other links"),
        required=False,
        max_length=3_000,
        help_text=_("One on each line, at most five"),
        widget=_text_widget(2),
    )
    cover_letter = TextField(
        label=_("Cover letter"),
        required=False,
        max_length=settings.TEXT_MAX_CHARACTERS,
        widget=_text_widget(8),
        error_messages={"max_length": _("The letter is longer than 10,000 characters. You can attach it as a file")},
    )
    letter_file = forms.FileField(
        label=_("Cover letter as a file"),
        required=False,
        help_text=_("PDF, DOCX or ODT, at most 10 MB"),
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.odt"}),
    )
    phone = LineField(
        label=_("Phone"),
        required=False,
        max_length=50,
        help_text=_("If you would rather be called"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    skills = TextField(
        label=_("Skills"), required=False, max_length=settings.TEXT_MAX_CHARACTERS, widget=_text_widget(3)
    )
    interests = TextField(
        label=_("Professional interests"),
        required=False,
        max_length=settings.TEXT_MAX_CHARACTERS,
        help_text=_("What you would like to work on next"),
        widget=_text_widget(3),
    )
    other_file = forms.FileField(
        label=_("Other file"),
        required=False,
        help_text=_("For example a work sample or a certificate. PDF, DOCX, ODT, PNG or JPEG, at most 10 MB"),
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.odt,.png,.jpg,.jpeg"}),
    )
    has_longer_storage = forms.BooleanField(label=_("Longer storage"), required=False)

    def __init__(self, *args: Any, staged: dict[str, list[Any]] | None = None, **kwargs: Any) -> None:
        """``staged`` holds the files that are here already, by the name of their input."""
        super().__init__(*args, **kwargs)
        self.staged = staged or {}

    def clean(self) -> dict[str, Any]:
        """A CV or a link to a profile must be there."""
        data: dict[str, Any] = super().clean() or {}
        has_link = any(data.get(name) for name in ("linkedin", "github", "links"))
        link_failed = any(name in self.errors for name in ("linkedin", "github", "links", "cv"))
        if not self.staged.get("cv") and not has_link and not link_failed:
            self.add_error("cv", ValidationError(_("Choose your CV, or give a link to a profile"), code="cv_or_link"))
        return data

    def link_list(self) -> list[tuple[LinkKind, str]]:
        """The links as the service takes them."""
        data = self.cleaned_data
        links = [(LinkKind.LINKEDIN, data["linkedin"]), (LinkKind.GITHUB, data["github"])]
        links += [(LinkKind.OTHER, line) for line in data["links"].splitlines()]
        return [(kind, url) for kind, url in links if url]


TEXT_FIELDS = [name for name in ApplicationForm.base_fields if name not in FILE_FIELDS]
"""Everything that is typed, chosen or ticked; what a draft keeps and what the check page carries along."""
