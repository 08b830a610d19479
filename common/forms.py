"""The one way forms are drawn."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.forms.renderers import TemplatesSetting
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.errors import Refused
from common.text import clean_line, clean_text
from policy.identifiers import normalise_address


class Renderer(TemplatesSetting):
    """Fields and errors from templates/forms/, in the order label, hint, error, input."""

    field_template_name = "forms/field.html"
    form_template_name = "forms/form.html"


class LineField(forms.CharField):
    """One line of text: trimmed, without control characters and marks that turn the reading direction."""

    def to_python(self, value: Any) -> str:
        """The cleaned line."""
        return clean_line(str(super().to_python(value) or ""))


class TextField(forms.CharField):
    """Several lines of text, cleaned alike."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """The cleaned text."""
        return clean_text(str(super().to_python(value) or "")).strip()


class AddressField(LineField):
    """An e-mail address: kept as typed, and whole characters of any script before the @ are fine."""

    message = _("Enter an email address in the form name@example.org")

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
        super().__init__(max_length=254, widget=widget, **kwargs)

    def validate(self, value: str) -> None:
        """Raise ValidationError for what is no address."""
        super().validate(value)
        if not value:
            return
        plain = "".join(character if character.isascii() else "x" for character in value.rpartition("@")[0])
        try:
            normalise_address(value)
        except ValueError as error:
            raise ValidationError(self.message, code="email") from error
        EmailValidator(self.message)(f"{plain}@{value.rpartition('@')[2]}")


class DayField(forms.DateField):
    """A date, as a browser sends it or as somebody types it."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    input_formats = ("%Y-%m-%d", "%d.%m.%Y")
    default_error_messages = {
        "required": _("Say on which day."),
        "invalid": _("Write a date, for example 2026-11-24."),
    }


class MomentField(forms.DateTimeField):
    """A date and a time of day, in Finnish time."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H.%M", "%d.%m.%Y %H:%M")
    default_error_messages = {
        "required": _("Say when it happened."),
        "invalid": _("Write date and time, for example 2026-11-24 14:30."),
    }


def minute(at: datetime) -> datetime:
    """The minute, as a form shows it."""
    return timezone.localtime(at).replace(second=0, microsecond=0)


class LinkField(LineField):
    """A web address. A missing scheme is added; only http and https pass (security T2); it is never fetched."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=500, **kwargs)

    def to_python(self, value: Any) -> str:
        """The address with a scheme."""
        text = super().to_python(value)
        if text and "://" not in text and ":" not in text.partition("/")[0]:
            text = f"https://{text}"
        return text

    def validate(self, value: str) -> None:
        """Raise ValidationError for what is no web address."""
        super().validate(value)
        if value:
            check_link(value)


def add_refusal(form: forms.Form, refused: Refused, fields: Mapping[str, str] | None = None) -> None:
    """Put a refusal of a service beside the field that it is about, or above the form where it has none.

    ``fields`` names the field for codes that are not its name.
    """
    name = (fields or {}).get(refused.code, refused.code)
    form.add_error(name if name in form.fields else None, str(refused))


def check_link(value: str) -> None:
    """Raise ValidationError unless this is an http or https address of a host."""
    message = _("Write the whole web address, for example https://www.example.org/me")
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        is_fine = parts.scheme in {"http", "https"} and "." in host and not parts.username
    except ValueError as error:
        raise ValidationError(message, code="link") from error
    if not is_fine or any(character.isspace() for character in value):
        raise ValidationError(message, code="link")
