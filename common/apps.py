"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common import lookups


class CommonConfig(AppConfig):
    """See the package's docstring."""

    name = "common"
    verbose_name = _("Common")

    def ready(self) -> None:
        """Register what is ours among Django's lookups."""
        lookups.register()
