"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailingConfig(AppConfig):
    """See the package's docstring."""

    name = "mailing"
    verbose_name = _("Mail")
