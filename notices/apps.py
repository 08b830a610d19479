"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    """See the package's docstring."""

    name = "notices"
    verbose_name = _("Notices")
