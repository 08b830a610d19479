"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CandidatesConfig(AppConfig):
    """See the package's docstring."""

    name = "candidates"
    verbose_name = _("Recruitment")
