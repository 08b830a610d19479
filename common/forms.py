"""The one way forms are drawn."""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from common.text import clean_line, clean_text


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
