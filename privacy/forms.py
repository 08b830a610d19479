"""Forms of "my data"."""

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import AddressField


class SignInForm(forms.Form):
    """The address to which a link is sent."""

    use_required_attribute = False

    email = AddressField(
        label=_("Email address"),
        help_text=_("The one that you applied with"),
        error_messages={"required": _("Enter your email address")},
    )
