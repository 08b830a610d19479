"""What every program of the portal does first: read the settings, or say in plain words what is wrong with them; do
nothing with a database that was restored and not put in order; and serve nothing from a bucket that is open to all.
"""

import os
import sys
from collections.abc import Sequence

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ALLOWED_IN_QUARANTINE = {"ledger", "data_map", "settings_table", "create_administrator", "demo"}
"""The portal's own commands that touch nobody's data, or put them in order."""
ALLOWED_ACTS = {("files", "doctor"), ("files", "print-policy")}
"""Of other commands, what only looks at how the stores are set up: that is asked before anything else runs."""


def require_settings(exit_code: int = 1) -> None:
    """Read the settings; where one is missing or malformed, end the program with one message and no traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clouder.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 (reads the settings)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(exit_code)


def refuse_public_buckets(exit_code: int = 1) -> None:
    """End a program that serves or works in production where a bucket of its settings is open to the public (T8).

    One request to each bucket, of a few seconds at most. A bucket that does not answer stops nobody: the portal must
    start while S3 is down. It is logged, and looked at again every night.
    """
    from files.doctor import look_for_public  # noqa: PLC0415 (the settings must be read)

    names = [] if settings.DEV else look_for_public(is_starting=True).names
    if names:
        sys.stderr.write(
            f"Nothing is started: the bucket {' and the bucket '.join(names)} does not block public access. "
            "Block it (deploy/s3/public-access-block.json), and see what 'manage.py files doctor' says.\n"
        )
        sys.exit(exit_code)


def refuse_in_quarantine(arguments: Sequence[str]) -> None:
    """End the program where a command of the portal itself is called in quarantine; Django's own run."""
    name = arguments[1] if len(arguments) > 1 else ""
    is_ours = name.isidentifier() and any(settings.BASE_DIR.glob(f"*/management/commands/{name}.py"))
    is_allowed = name in ALLOWED_IN_QUARANTINE or tuple(arguments[1:3]) in ALLOWED_ACTS
    if not is_ours or is_allowed or not {"-h", "--help"}.isdisjoint(arguments):
        return
    django.setup()
    from clouder import quarantine  # noqa: PLC0415 (the apps must be ready)

    if not quarantine.may_work():
        sys.stderr.write(f"{name} does nothing now. {quarantine.REASON}\n")
        sys.exit(1)
