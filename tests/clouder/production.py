"""The settings of a production installation: for a test in this process, and for another process."""

import os
import runpy
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

HOST = "careers.example.org"
ENVIRONMENT = {
    "CLOUDER_SECRET_KEY": "0123456789" * 6,
    "CLOUDER_SUPPRESSION_KEYS": "1:" + "0123456789" * 4,
    "CLOUDER_SITE_URL": f"https://{HOST}",
    "CLOUDER_TRUSTED_PROXIES": "1",
    "DATABASE_URL": "postgresql://clouder:secret@127.0.0.1:5432/clouder",
    "CLOUDER_BROKER_URL": "redis://127.0.0.1:6379/0",
    "CLOUDER_CACHE_URL": "redis://127.0.0.1:6379/1",
    "CLOUDER_FILES_BUCKET": "example-files",
    "CLOUDER_LEDGER_BUCKET": "example-ledger",
    "CLOUDER_EMAIL_URL": "smtp://127.0.0.1:25",
    "CLOUDER_EMAIL_FROM": "Example careers <careers@example.org>",
    "CLOUDER_CONTROLLER_NAME": "Example Oy",
    "CLOUDER_CONTROLLER_ADDRESS": "Esimerkkikatu 1, 00100 Helsinki",
    "CLOUDER_PRIVACY_EMAIL": "privacy@example.org",
}
OUTSIDE = (
    "AUTH_USER_MODEL",
    "BASE_DIR",
    "CACHES",
    "CELERY_BROKER_URL",
    "DATABASES",
    "EMAIL_",
    "ENV",
    "INSTALLED_APPS",
    "LOGGING",
    "PASSWORD_HASHERS",
    "STORAGES",
    "WHITENOISE_",
)
"""Names, or their beginnings, of settings that say where the parts of the tests are."""


def clean_environment(**changes: str | None) -> dict[str, str]:
    """An environment for another process: production's variables with changes; None takes one away."""
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
    wanted = {**ENVIRONMENT, **changes}
    return kept | {key: value for key, value in wanted.items() if value is not None}


def production_settings(**changes: str | None) -> dict[str, Any]:
    """Every setting as clouder/settings.py makes it of production's variables."""
    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(clean_environment(**changes))
        found = runpy.run_path(str(settings.BASE_DIR / "clouder" / "settings.py"))
    finally:
        os.environ.clear()
        os.environ.update(before)
    return {name: value for name, value in found.items() if name.isupper()}


@pytest.fixture
def production() -> Iterator[None]:
    """The test runs under production's settings, on the parts of the tests."""
    values = production_settings()
    changed = {
        name: value
        for name, value in values.items()
        if not name.startswith(OUTSIDE) and getattr(settings, name, None) != value
    }
    with override_settings(**changed):
        yield
