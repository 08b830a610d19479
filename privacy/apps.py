"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PrivacyConfig(AppConfig):
    """See the package's docstring."""

    name = "privacy"
    verbose_name = _("Privacy")
