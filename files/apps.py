"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    """See the package's docstring."""

    name = "files"
    verbose_name = _("Files")
