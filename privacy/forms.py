"""Forms of "my data"."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _

from common.forms import LineField
from policy.identifiers import normalise_address


class SignInForm(forms.Form):
    """The address to which a link is sent."""

    use_required_attribute = False

    email = LineField(
        label=_("Email address"),
        max_length=254,
        help_text=_("The one that you applied with"),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={"required": _("Enter your email address")},
    )

    def clean_email(self) -> str:
        """The address as typed, if it is one."""
        email: str = self.cleaned_data["email"]
        try:
            normalise_address(email)
            EmailValidator()(email.encode("ascii", "ignore").decode())
        except ValueError as error:
            raise ValidationError(_("Enter an email address in the form name@example.org"), code="email") from error
        return email
