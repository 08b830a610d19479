"""The one way forms are drawn."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

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
