"""``dev.py demo``: prepare the database, load the data, run the portal until somebody stops it."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache.backends.db import DatabaseCache
from django.core.cache import cache
from django.core.files.storage import storages
from django.core.management import call_command

from clouder.demo import data
from clouder.demo.processes import ProcessFault, Site, StopRequested, port_is_free, stop_signals
from common import clock
from files.enums import FileState
from files.models import StoredFile

DEFAULT_PORT = 8000
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}
WELCOME = """
The portal runs.

  for applicants   {url}/
  for recruiters   {url}/admin/
  mail             is printed here and kept in {mail}

  sign in as
{staff}
  password of all of them: {password}

  Ctrl-C stops everything.
"""


class Refusal(Exception):
    """The demonstration cannot begin; the message is one sentence."""


def prepare() -> None:
    """Bring the database up to date, with the table of the cache where the database is the cache."""
    call_command("migrate", verbosity=0, interactive=False)
    if isinstance(cache._connections[cache._alias], DatabaseCache):  # noqa: SLF001
        call_command("createcachetable", verbosity=0)


def port_of(port: int | None) -> int:
    """The port that was asked for, or that of the site's address. Raises Refusal where somebody listens there."""
    site = urlsplit(settings.SITE_URL)
    chosen = port or (site.port if site.hostname in LOCAL_HOSTS else None) or DEFAULT_PORT
    if not port_is_free(chosen):
        raise Refusal(f"Port {chosen} of this machine is taken: stop the program that uses it, or say --port N.")
    return chosen
