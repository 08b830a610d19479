"""What every program of the portal does first: read the settings, or say in plain words what is wrong with them."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def require_settings(exit_code: int = 1) -> None:
    """Read the settings; where one is missing or malformed, end the program with one message and no traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clouder.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 (reads the settings)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(exit_code)
