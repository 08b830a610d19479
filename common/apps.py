"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommonConfig(AppConfig):
    """See the package's docstring."""

    name = "common"
    verbose_name = _("Common")
