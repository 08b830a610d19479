"""Checks that run with ``manage.py check``; those that touch outside parts run with ``--deploy`` only.

An outside part is asked with short time limits, and one that does not answer, or not as expected, fails its check: a
check that cannot see must not say that all is well. Parts of dev.py are passed over. No message quotes a URL, which
may hold a password.
"""

import smtplib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from files.bucket_rules import LOCK_DAYS, is_in_the_eu
from files.clamd import ScannerDown, check_alive
from privacy import registry

BUCKETS = {"files": "CLOUDER_FILES_BUCKET", "ledger": "CLOUDER_LEDGER_BUCKET"}
CONNECT_SECONDS, READ_SECONDS = 2, 5


@register()
def data_map(**_: Any) -> list[CheckMessage]:
    """Every field of every model is classified (spec scenario 39)."""
    return [Error(problem, id="clouder.E001") for problem in registry.problems()]


@register(Tags.security, deploy=True)
def served_safely(**_: Any) -> list[CheckMessage]:
    """No debug pages, and no address without TLS (ASVS 13.4, 12.2)."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on: error pages would show data and settings.", id="clouder.E010"))
    if not settings.SITE_URL.startswith("https://"):
        found.append(Error("CLOUDER_SITE_URL does not begin with https://.", id="clouder.E011"))
    return found


@register(Tags.security, deploy=True)
def stored_in_the_eu(**_: Any) -> list[CheckMessage]:
    """Data is stored in the EU (policy §5); where another S3 service stores, its endpoint says."""
    regions = {options["region_name"] for options in _buckets().values() if not options["endpoint_url"]}
    return [
        Error(
            f"CLOUDER_S3_REGION is {region}, which is not in the EU; the privacy policy (§5) says that data is.",
            hint="Use buckets in eu-north-1, eu-west-1, eu-west-3, eu-central-1, eu-south-1 or eu-south-2.",
            id="clouder.E012",
        )
        for region in sorted(regions)
        if not is_in_the_eu(region)
    ]


@register(Tags.security, deploy=True)
def stored_safely(**_: Any) -> list[CheckMessage]:
    """Files and ledger lie in different buckets, and encryption at rest is asked for (T8)."""
    found: list[CheckMessage] = []
    buckets = _buckets()
    if len(buckets) == 2 and len({options["bucket_name"] for options in buckets.values()}) == 1:
        found.append(
            Error(
                "CLOUDER_LEDGER_BUCKET is the bucket of candidates' files; the ledger needs one of its own, for what "
                "is in it is locked.",
                id="clouder.E013",
            )
        )
    for alias, options in buckets.items():
        if not options["object_parameters"].get("ServerSideEncryption"):
            found.append(Error(f"The {alias} storage asks for no encryption at rest.", id="clouder.E014"))
    return found


@register(Tags.security, deploy=True)
def sent_encrypted(**_: Any) -> list[CheckMessage]:
    """What leaves this machine is encrypted on its way (T20)."""
    database = settings.DATABASES["default"]
    mail = _mail()
    is_mail_open = mail is not None and not (mail.use_tls or mail.use_ssl or _is_here(mail.host))
    sslmode = database.get("OPTIONS", {}).get("sslmode")
    endpoints = {options["endpoint_url"] for options in _buckets().values()} - {None}
    lines = [
        ("CLOUDER_BROKER_URL", "rediss://", _is_open(settings.CELERY_BROKER_URL, "redis://")),
        ("CLOUDER_CACHE_URL", "rediss://", _is_open(str(settings.CACHES["default"].get("LOCATION")), "redis://")),
        ("CLOUDER_S3_ENDPOINT", "https://", any(_is_open(url, "http://") for url in endpoints)),
        ("CLOUDER_EMAIL_URL", "smtp+tls:// or smtp+ssl://", is_mail_open),
        (
            "DATABASE_URL",
            "?sslmode=verify-full (or require)",
            not _is_here(database["HOST"]) and sslmode not in {"require", "verify-ca", "verify-full"},
        ),
    ]
    return [
        checks.Warning(f"{name} goes to another host without encryption; use {wants}.", id="clouder.W015")
        for name, wants, is_open in lines
        if is_open
    ]


@register(Tags.security, deploy=True)
def scanned_for_viruses(**_: Any) -> list[CheckMessage]:
    """A virus scanner is configured (ASVS 5.4.3); without one every file says that it is not scanned."""
    if settings.CLAMD_ADDRESS or not _buckets():
        return []
    return [
        checks.Warning(
            "CLOUDER_CLAMD is empty: files are handed to recruiters without a virus scan.",
            hint="Install clamd and name its address (docs/how-to/deploy.md).",
            id="clouder.W016",
        )
    ]


@register("parts", deploy=True)
def buckets_are_private_and_versioned(**_: Any) -> list[CheckMessage]:
    """Each bucket answers, is closed to the public and keeps versions; the ledger's is locked (T8)."""
    found: list[CheckMessage] = []
    for alias, options in _buckets().items():
        found += _bucket_faults(BUCKETS[alias], options, is_ledger=alias == "ledger")
    return found


@register("parts", deploy=True)
def parts_answer(**_: Any) -> list[CheckMessage]:
    """Broker, cache and mail server answer, and take our sign-in; the virus scanner answers."""
    found: list[CheckMessage] = []
    for name, url in (
        ("CLOUDER_BROKER_URL", settings.CELERY_BROKER_URL),
        ("CLOUDER_CACHE_URL", str(settings.CACHES["default"].get("LOCATION"))),
    ):
        if url.startswith(("redis://", "rediss://")) and (reason := _redis_fault(url)):
            found.append(Error(f"The Redis of {name} does not answer: {reason}.", id="clouder.E030"))
    if settings.CLAMD_ADDRESS:
        try:
            check_alive(settings.CLAMD_ADDRESS)
        except ScannerDown as error:
            text = f"The virus scanner of CLOUDER_CLAMD: {error}. No new file can be opened until it does."
            found.append(checks.Warning(text, id="clouder.W032"))
    mail = _mail()
    if mail is not None and (reason := _mail_fault(mail)):
        found.append(Error(f"The mail server of CLOUDER_EMAIL_URL does not answer: {reason}.", id="clouder.E031"))
    return found


def _buckets() -> dict[str, dict[str, Any]]:
    """The options of each storage that is a bucket; under dev.py it may be a folder."""
    options = {alias: settings.STORAGES[alias].get("OPTIONS", {}) for alias in BUCKETS}
    return {alias: found for alias, found in options.items() if found.get("bucket_name")}


def _is_here(host: str | None) -> bool:
    """Whether a host is this machine: loopback, or a socket in the file system."""
    return not host or host.startswith(("/", "127.")) or host in {"localhost", "::1"}


def _is_open(url: str, scheme: str) -> bool:
    return url.startswith(scheme) and not _is_here(urlsplit(url).hostname)


def _redis_fault(url: str) -> str | None:
    import redis  # noqa: PLC0415 (slow to load, and only the deploy check needs it)

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=READ_SECONDS) as client:
            client.ping()
    except redis.RedisError as error:
        return type(error).__name__
    return None


def _mail() -> EmailBackend | None:
    """The connection to the mail server, not opened yet; None under dev.py, which has none."""
    connection = get_connection(timeout=READ_SECONDS)
    return connection if isinstance(connection, EmailBackend) else None


def _mail_fault(connection: EmailBackend) -> str | None:
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
    return None


def _bucket_faults(setting: str, options: dict[str, Any], *, is_ledger: bool) -> Iterator[CheckMessage]:
    from files.storage_s3_checks import Bucket, Unanswered  # noqa: PLC0415 (boto3 doubles the start-up time)

    bucket = Bucket(options)
    named = f"The bucket of {setting} ({bucket.name})"
    try:
        if not bucket.is_versioned():
            yield Error(
                f"{named} keeps no versions: an overwritten or lost file could not be restored.", id="clouder.E021"
            )
        if not bucket.is_private():
            yield Error(f"{named} does not block public access, all four kinds of it.", id="clouder.E022")
        if is_ledger and bucket.lock_days() < LOCK_DAYS:
            yield Error(
                f"{named} does not lock objects for {LOCK_DAYS} days: the record of erasures could be altered.",
                id="clouder.E023",
            )
    except Unanswered as error:
        yield Error(f"{named} could not be looked at: {error}.", id="clouder.E020")
