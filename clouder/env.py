"""The environment variables of the portal: one table, read strictly.

An unknown, a missing or a malformed variable is one clear error that names it and says what it wants. Secrets have no
default. The variables of the embedded parts are refused unless ``dev.py`` started the program. The table in
docs/reference/settings.md is made from this module (``manage.py settings_table``).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from policy.periods import RETENTION_YEARS, SOURCED_UNANSWERED_MONTHS

PREFIX = "CLOUDER_"
DEV_ONLY_SCHEMES = {"filesystem", "dbcache", "devmail"}


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value.strip()


def _flag(value: str) -> bool:
    if value.lower() not in {"1", "0", "true", "false", "yes", "no"}:
        raise ValueError
    return value.lower() in {"1", "true", "yes"}


def _number(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError
    return number


def _hosts(value: str) -> list[str]:
    """Names only: a star would let a stranger's Host header through."""
    names = [part.strip() for part in value.split(",") if part.strip()]
    if any(set(name) & set("*/:@ ") for name in names):
        raise ValueError
    return names


def _secret(value: str) -> str:
    if len(value) < 50 or len(set(value)) < 10:
        raise ValueError
    return value


def _site(value: str) -> str:
    url = urlsplit(value.rstrip("/"))
    if url.scheme not in {"http", "https"} or not url.hostname or url.port == 0 or url.username is not None:
        raise ValueError
    if url.path or url.query or url.fragment:
        raise ValueError
    return value.rstrip("/")


def _database(value: str) -> dict[str, Any]:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError
    config = dict(environ.Env.db_url_config(value))
    if not config.get("NAME"):
        raise ValueError
    return config


def _url(*schemes: str, has_port: bool = False) -> Callable[[str], str]:
    def read(value: str) -> str:
        url = urlsplit(value)
        is_known = url.scheme in schemes and value.startswith(f"{url.scheme}://") and value != f"{url.scheme}://"
        # What dev.py names is a folder or a table, and no host.
        is_reachable = url.scheme in DEV_ONLY_SCHEMES or (url.hostname and (url.port or not has_port))
        if not is_known or not is_reachable:
            raise ValueError
        return value

    return read


def _one_of(*values: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in values:
            raise ValueError
        return value

    return read


def _address(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", value):
        raise ValueError
    return value


def _sender(value: str) -> str:
    _address(parseaddr(value)[1])
    if any(ord(character) < 32 for character in value):
        raise ValueError
    return value


def _name(value: str) -> str:
    """The name of a bucket or a region."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
        raise ValueError
    return value


def _scanner(value: str) -> str:
    """Where clamd listens."""
    url = urlsplit(value)
    is_socket = url.scheme == "unix" and not url.netloc and url.path.startswith("/")
    if not is_socket and not (url.scheme == "tcp" and url.hostname and url.port and not url.path):
        raise ValueError
    return value


def _folder(value: str) -> Path:
    path = Path(value)
    if not path.is_absolute():
        raise ValueError
    return path


def _months(most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        months = _number(value)
        if not 0 < months <= most:
            raise ValueError
        return months

    return read


def _keys(value: str) -> dict[int, str]:
    """Keys by version, the newest first."""
    keys: dict[int, str] = {}
    for part in value.split(","):
        version, colon, key = part.strip().partition(":")
        if not (colon and version.isdecimal() and 0 < int(version) < 2**15 and len(key) >= 32) or int(version) in keys:
            raise ValueError
        keys[int(version)] = key
    return keys


REQUIRED: Any = object()


@dataclass(frozen=True)
class Variable:
    """One variable: how it is read, what it wants, and its default (``REQUIRED`` where it has none)."""

    name: str
    read: Callable[[str], Any]
    wants: str
    meaning: str
    example: str
    default: Any = REQUIRED
    is_dev_only: bool = False


VARIABLES = (
    Variable("CLOUDER_SECRET_KEY", _secret, "50 or more random characters", "signs cookies and links", "(random)"),
    Variable("CLOUDER_SITE_URL", _site, "https://host", "where the portal is reached; links in mails begin with it",
             "https://careers.example.org"),
    Variable("CLOUDER_ALLOWED_HOSTS", _hosts, "host names with commas between", "Host headers that are answered; "
             "the host of CLOUDER_SITE_URL is always one of them", "careers.example.org", default=[]),
    Variable("DATABASE_URL", _database, "postgresql://user:password@host:port/name", "the database, PostgreSQL 15 or "
             "newer", "postgresql://clouder:secret@db.example.org:5432/clouder"),
    Variable("CLOUDER_BROKER_URL", _url("redis", "rediss", "filesystem"), "redis://… or rediss://…",
             "the broker that wakes the workers", "rediss://:secret@redis.example.org:6379/0"),
    Variable("CLOUDER_CACHE_URL", _url("redis", "rediss", "dbcache"), "redis://… or rediss://…",
             "the cache, rate limits included", "rediss://:secret@redis.example.org:6379/1"),
    Variable("CLOUDER_FILES_BUCKET", _name, "the name of a bucket",
             "the private, versioned bucket of candidates' files", "example-candidates", default=None),
    Variable("CLOUDER_LEDGER_BUCKET", _name, "the name of another bucket",
             "the bucket of the erasure ledger, versioned and locked", "example-ledger", default=None),
    Variable("CLOUDER_S3_REGION", _name, "the name of a region", "the region of both buckets", "eu-north-1",
             default="eu-north-1"),
    Variable("CLOUDER_S3_ENDPOINT", _url("http", "https"), "https://…", "another S3 service than Amazon's",
             "https://s3.example.org", default=None),
    Variable("CLOUDER_S3_ENCRYPTION", _one_of("AES256", "aws:kms"), "AES256 or aws:kms",
             "the server-side encryption that is asked for", "aws:kms", default="AES256"),
    Variable("CLOUDER_CLAMD", _scanner, "tcp://host:port or unix:/path",
             "the virus scanner (clamd); without one every file says that it is not scanned",
             "unix:/run/clamav/clamd.ctl", default=None),
    Variable("CLOUDER_EMAIL_URL", _url("smtp", "smtp+tls", "smtp+ssl", "devmail", has_port=True),
             "smtp+tls://user:password@host:port", "the mail server", "smtp+tls://clouder:secret@mail.example.org:587"),
    Variable("CLOUDER_EMAIL_FROM", _sender, "an address, or Name <address>", "the sender of every mail",
             "Clouder careers <careers@example.org>"),
    Variable("CLOUDER_CONTROLLER_NAME", _text, "a name", "the company that is the controller, as notices and mails say",
             "Example Oy"),
    Variable("CLOUDER_CONTROLLER_ADDRESS", _text, "a postal address", "the controller's address",
             "Esimerkkikatu 1, 00100 Helsinki, Finland"),
    Variable("CLOUDER_PRIVACY_EMAIL", _address, "an address", "where questions about data go", "privacy@example.org"),
    Variable("CLOUDER_TRUSTED_PROXIES", _number, "a number", "how many proxies of your own stand before the portal and "
             "set X-Forwarded-For and X-Forwarded-Proto", "1", default=0),
    Variable("CLOUDER_RETENTION_RUN_LIMIT", _number, "a number", "the most people that one run of the erasure worker "
             "takes; 0 for no limit", "5000", default=0),
    Variable("CLOUDER_RETENTION_MONTHS", _months(12 * RETENTION_YEARS), "a number of months, 24 at most",
             "how long candidates are kept after the last contact; the policy's two years can only be shortened", "18",
             default=12 * RETENTION_YEARS),
    Variable("CLOUDER_SOURCED_MONTHS", _months(SOURCED_UNANSWERED_MONTHS), "a number of months, 24 at most",
             "how long somebody is kept whom we approached and who never answered; shorten it only where the notice "
             "says so", "6", default=SOURCED_UNANSWERED_MONTHS),
    Variable("CLOUDER_SUPPRESSION_KEYS", _keys, "version:key with commas between, the newest first; a key has 32 or "
             "more random characters", "makes the hashes by which people are recognised who must not be approached; an "
             "old key stays in the list", "1:(random)"),
    Variable("CLOUDER_DEV", _flag, "1", "set by dev.py: the embedded parts may be used", "1", default=False,
             is_dev_only=True),
    Variable("CLOUDER_FILES_DIR", _folder, "an absolute path", "candidates' files in a folder instead of a bucket",
             "/…/.data/files", default=None, is_dev_only=True),
    Variable("CLOUDER_LEDGER_DIR", _folder, "an absolute path", "the ledger in a folder instead of a bucket",
             "/…/.data/ledger", default=None, is_dev_only=True),
    Variable("CLOUDER_CLOCK_FILE", _folder, "an absolute path", "a file with an offset in seconds, for looking ahead",
             "/…/.data/clock-offset", default=None, is_dev_only=True),
    Variable("CLOUDER_PARTS", _text, "a sentence", "which parts dev.py started; the demonstration prints it",
             "PostgreSQL 18 (embedded), local files", default="", is_dev_only=True),
)  # fmt: skip


def read(environment: Mapping[str, str]) -> dict[str, Any]:
    """Read every variable of the table.

    Raises ImproperlyConfigured with one line for each unknown, missing, malformed or misplaced variable.
    """
    known = {variable.name for variable in VARIABLES}
    errors = [
        f"{name} is not a setting of Clouder; docs/reference/settings.md lists those that are"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known
    ]
    values: dict[str, Any] = {}
    for variable in VARIABLES:
        try:
            values[variable.name] = _value(variable, environment)
        except ValueError:
            errors.append(f"{variable.name} is malformed: it wants {variable.wants}")
        except LookupError:
            errors.append(f"{variable.name} is missing: it wants {variable.wants} ({variable.meaning})")
    errors += _misplaced(values)
    if errors:
        raise ImproperlyConfigured("\n".join(["The settings of this portal are not complete:", *errors]))
    return values


def _value(variable: Variable, environment: Mapping[str, str]) -> Any:
    raw = environment.get(variable.name)
    if raw is None:
        if variable.default is REQUIRED:
            raise LookupError(variable.name)
        return variable.default
    return variable.read(raw)


def _misplaced(values: Mapping[str, Any]) -> list[str]:
    """Rules between variables: where files and the ledger lie, and what only dev.py may use.

    ``values`` has what could be read; each of the others has its line already.
    """
    places = (
        ("candidates' files", "CLOUDER_FILES_BUCKET", "CLOUDER_FILES_DIR"),
        ("the ledger", "CLOUDER_LEDGER_BUCKET", "CLOUDER_LEDGER_DIR"),
    )
    errors = [
        f"{bucket} is missing: it wants the name of a bucket ({what})"
        for what, bucket, folder in places
        if {bucket, folder} <= values.keys() and not values[bucket] and not values[folder]
    ]
    return errors if values.get("CLOUDER_DEV", True) else errors + _only_under_dev(values)


def _only_under_dev(values: Mapping[str, Any]) -> list[str]:
    errors = [
        f"{variable.name} is for dev.py alone; leave it out here"
        for variable in VARIABLES
        if variable.is_dev_only and values.get(variable.name)
    ]
    errors += [
        f"{variable.name} names a part of dev.py; here it wants {variable.wants}"
        for variable in VARIABLES
        if str(values.get(variable.name)).partition("://")[0] in DEV_ONLY_SCHEMES
    ]
    if str(values.get("CLOUDER_SITE_URL", "")).startswith("http://"):
        errors.append("CLOUDER_SITE_URL is malformed: it wants https://host")
    return errors
