"""``dev.py demo``: prepare the database, load the data, run the portal until somebody stops it."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection, connections

from accounts.models import User
from clouder.demo import data
from clouder.demo.processes import Site, port_is_free
from common import clock
from common.wake import wake
from files.enums import FileState
from files.models import StoredFile
from files.services import purge_owners
from mailing.tasks import deliver_emails

DEFAULT_PORT = 8000
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}
PROCESSES = "web server (gunicorn), worker and beat (celery)"
BEGIN_ANEW = "python3 dev.py demo --reset begins anew in an empty folder; or name an empty database of your own."
WELCOME = """
The portal runs.

  for applicants   {url}/
  for recruiters   {url}/admin/
  mail             printed here, and kept in {mail}

Sign in to the admin as one of these, all with the password {password}

{staff}

Every quarter of an hour the worker erases who is due; python3 dev.py manage retention plan lists them.
Ctrl-C stops everything."""


class Refusal(Exception):
    """It cannot begin; the message is one sentence or two."""


def show(port: int | None, *, is_reset: bool) -> None:
    """Run the demonstration until it is stopped.

    Raises Refusal before anything has started, ProcessFault when a process ends by itself.
    """
    chosen = choose_port(port)
    prepare()
    if is_reset:
        reset()
    load()
    connections.close_all()
    is_local = urlsplit(settings.SITE_URL).hostname in LOCAL_HOSTS
    url = f"http://127.0.0.1:{chosen}" if is_local else settings.SITE_URL
    site = Site(chosen, data_folder(), environment={"CLOUDER_SITE_URL": url})
    try:
        site.start()
        print(welcome(url), flush=True)
        wake(deliver_emails)
        site.watch()
    finally:
        site.stop()


def choose_port(port: int | None) -> int:
    """The port that was asked for, or that of the site's address. Raises Refusal where somebody listens there."""
    site = urlsplit(settings.SITE_URL)
    chosen = port or (site.port if site.hostname in LOCAL_HOSTS else None) or DEFAULT_PORT
    if not port_is_free(chosen):
        raise Refusal(f"Port {chosen} of this machine is taken: stop the program that uses it, or choose another with "
                      "--port.")  # fmt: skip
    return chosen


def data_folder() -> Path:
    """Where dev.py keeps everything of this run."""
    if settings.CLOCK_FILE is None:
        raise Refusal("CLOUDER_CLOCK_FILE is missing: python3 dev.py demo sets it.")
    folder: Path = settings.CLOCK_FILE.parent
    return folder


def prepare() -> None:
    """Bring the database up to date, with the table of the cache where the database is the cache."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def load() -> None:
    """Load the demo's data where there are none. Raises Refusal where they are not whole."""
    try:
        is_loaded = data.is_loaded()
    except data.NotOurs as error:
        raise Refusal(f"{error} {BEGIN_ANEW}") from error
    if not is_loaded:
        print("Loading made-up people and positions ...", file=sys.stderr)
        data.load(clock.now())
    check_files()


def check_files() -> None:
    """Raise Refusal where the store has lost what the rows know of."""
    stored = StoredFile.objects.filter(state=FileState.ATTACHED).first()
    try:
        if stored:
            storages["files"].open_object(stored.key).close()  # type: ignore[attr-defined]
    except FileNotFoundError as error:
        raise Refusal("The files of these data are not in this store; an S3 server in memory forgets them when it "
                      f"stops. {BEGIN_ANEW}") from error  # fmt: skip


def reset() -> None:
    """Take everything out of the database and the stores. Raises Refusal where anything in it is not the demo's."""
    if User.objects.exclude(email__in=[email for _, email, _, _ in data.STAFF]).exists():
        raise Refusal("This database holds users that are not the demo's; nothing was changed.")
    purge_owners(StoredFile.objects.values_list("owner_ref", flat=True).distinct())
    ledger = storages["ledger"]
    ledger.purge_keys(ledger.list_keys())  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    prepare()


def welcome(url: str) -> str:
    """Where to go, and how to sign in."""
    rows = [f"  {role.value:<16} {email:<32} {name}" for role, email, name, _ in data.STAFF]
    return WELCOME.format(url=url, mail=settings.EMAIL_FILE_PATH, password=data.PASSWORD, staff="\n".join(rows))


def what_ran() -> str:
    """The parts of this run, in one line."""
    return f"{PROCESSES}, {settings.PARTS}" if settings.PARTS else PROCESSES
