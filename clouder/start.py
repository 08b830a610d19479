"""What every program of the portal does first: read the settings, or say in plain words what is wrong with them; and
do nothing with a database that was restored and not put in order.
"""

import os
import sys
from collections.abc import Sequence

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ALLOWED_IN_QUARANTINE = {"ledger", "data_map", "settings_table", "create_administrator", "demo"}
"""The portal's own commands that touch nobody's data, or put them in order."""


def require_settings(exit_code: int = 1) -> None:
    """Read the settings; where one is missing or malformed, end the program with one message and no traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clouder.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 (reads the settings)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(exit_code)


def refuse_in_quarantine(arguments: Sequence[str]) -> None:
    """End the program where a command of the portal itself is called in quarantine; Django's own run."""
    name = arguments[1] if len(arguments) > 1 else ""
    is_ours = name.isidentifier() and any(settings.BASE_DIR.glob(f"*/management/commands/{name}.py"))
    if not is_ours or name in ALLOWED_IN_QUARANTINE or not {"-h", "--help"}.isdisjoint(arguments):
        return
    django.setup()
    from clouder import quarantine  # noqa: PLC0415 (the apps must be ready)

    if not quarantine.may_work():
        sys.stderr.write(f"{name} does nothing now. {quarantine.REASON}\n")
        sys.exit(1)
