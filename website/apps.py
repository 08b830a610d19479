"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebsiteConfig(AppConfig):
    """See the package's docstring."""

    name = "website"
    verbose_name = _("Website")
