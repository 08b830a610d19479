"""The portal's own checks: each fails where it should, says so in one sentence, and passes where all is well."""

import http.server
import threading
from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO
from typing import Any
from uuid import uuid4

import boto3
import pytest
from django.conf import settings as django_settings
from django.core.checks import WARNING, CheckMessage, registry
from django.core.files.storage import storages
from pytest_django import Settings

from clouder import checks, env
from clouder.embedded import s3
from clouder.embedded.processes import free_port
from clouder.embedded.redis import Redis
from deploy.s3 import make_buckets as s3_setup
from privacy import registry as data_map
from tests.clouder.production import production_settings
from tests.parts.scanner import Clamd
from tests.parts.servers import S3
from tests.parts.smtp import SmtpServer

OWN = (
    checks.served_safely,
    checks.stored_in_the_eu,
    checks.stored_safely,
    checks.sent_encrypted,
    checks.scanned_for_viruses,
    checks.buckets_are_private_and_versioned,
    checks.parts_answer,
)


def ids(messages: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in messages]


@pytest.fixture
def stored(settings: Settings) -> dict[str, Any]:
    """The storages of production, for a test to spoil; they are put in place by being changed."""
    values = deepcopy(production_settings()["STORAGES"])
    settings.STORAGES = values
    return values


def test_the_data_map(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.data_map() == []
    monkeypatch.setattr(data_map, "problems", lambda: ["candidates.Candidate.x is not classified"])
    (message,) = checks.data_map()
    assert (message.id, message.msg) == ("clouder.E001", "candidates.Candidate.x is not classified")


def test_they_run_with_deploy_only() -> None:
    assert set(OWN) <= registry.registry.deployment_checks
    assert not set(OWN) & registry.registry.registered_checks
    assert checks.data_map in registry.registry.registered_checks


def test_the_parts_of_dev_py_are_passed_over() -> None:
    assert not checks._buckets()
    for check in (checks.stored_in_the_eu, checks.stored_safely, checks.sent_encrypted, *OWN[4:]):
        assert check() == [], check


def test_debug_and_the_sites_scheme(settings: Settings) -> None:
    settings.DEBUG, settings.SITE_URL = False, "https://careers.example.org"
    assert checks.served_safely() == []
    settings.DEBUG = True
    assert ids(checks.served_safely()) == ["clouder.E010"]
    settings.DEBUG, settings.SITE_URL = False, "http://careers.example.org"
    assert ids(checks.served_safely()) == ["clouder.E011"]


@pytest.mark.parametrize(
    ("region", "endpoint", "found"),
    [
        ("eu-north-1", None, []),
        ("eu-central-1", None, []),
        ("eusc-de-east-1", None, []),
        ("us-east-1", None, ["clouder.E012"]),
        ("eu-west-2", None, ["clouder.E012"]),  # London
        ("eu-central-2", None, ["clouder.E012"]),  # Zurich
        ("us-east-1", "https://s3.example.org", []),
    ],
)
def test_data_stays_in_the_eu(stored: dict[str, Any], region: str, endpoint: str | None, found: list[str]) -> None:
    for alias in ("files", "ledger"):
        stored[alias]["OPTIONS"] |= {"region_name": region, "endpoint_url": endpoint}
    messages = checks.stored_in_the_eu()
    assert ids(messages) == found
    assert all(f"CLOUDER_S3_REGION is {region}, which is not in the EU" in message.msg for message in messages)


def test_the_ledger_has_a_bucket_of_its_own(stored: dict[str, Any]) -> None:
    assert checks.stored_safely() == []
    stored["ledger"]["OPTIONS"]["bucket_name"] = stored["files"]["OPTIONS"]["bucket_name"]
    assert ids(checks.stored_safely()) == ["clouder.E013"]


def test_encryption_at_rest_is_asked_for(stored: dict[str, Any]) -> None:
    del stored["files"]["OPTIONS"]["object_parameters"]["ServerSideEncryption"]
    (message,) = checks.stored_safely()
    assert (message.id, message.msg) == ("clouder.E014", "The files storage asks for no encryption at rest.")


def use_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setitem(django_settings.DATABASES, "default", env._database(url))


def test_what_goes_to_another_host_is_encrypted(
    settings: Settings, stored: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "mailing.backends.SmtpBackend", "mail.example.org"
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = False, False
    settings.CELERY_BROKER_URL = "redis://:secret@redis.example.org:6379/0"
    settings.CACHES = {"default": {"LOCATION": "redis://:secret@redis.example.org:6379/1"}}
    use_database(monkeypatch, "postgresql://u:secret@db.example.org/clouder")
    stored["files"]["OPTIONS"]["endpoint_url"] = "http://s3.example.org"
    messages = checks.sent_encrypted()
    assert ids(messages) == ["clouder.W015"] * 5
    assert [message.msg.split(" ")[0] for message in messages] == [
        "CLOUDER_BROKER_URL",
        "CLOUDER_CACHE_URL",
        "CLOUDER_S3_ENDPOINT",
        "CLOUDER_EMAIL_URL",
        "DATABASE_URL",
    ]
    assert not [message for message in messages if "secret" in message.msg]

    settings.EMAIL_USE_TLS = True
    settings.CELERY_BROKER_URL = "rediss://:secret@redis.example.org:6379/0"
    settings.CACHES = {"default": {"LOCATION": "rediss://:secret@redis.example.org:6379/1"}}
    use_database(monkeypatch, "postgresql://u:secret@db.example.org/clouder?sslmode=verify-full")
    stored["files"]["OPTIONS"]["endpoint_url"] = "https://s3.example.org"
    assert checks.sent_encrypted() == []


def test_what_stays_on_this_machine_needs_no_encryption(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "mailing.backends.SmtpBackend", "127.0.0.1"
    settings.CELERY_BROKER_URL = "redis://localhost:6379/0"
    use_database(monkeypatch, "postgresql:///clouder")
    assert checks.sent_encrypted() == []


# --- the buckets, asked ----------------------------------------------------------------------------------------


@pytest.fixture
def buckets(s3_server: S3, stored: dict[str, Any]) -> Any:
    """A client of the S3 server, on which both buckets are as docs/how-to/deploy.md makes them."""
    client = boto3.client("s3", endpoint_url=s3_server.server.endpoint, region_name=s3.REGION)
    for alias in ("files", "ledger"):
        bucket = f"{alias}-{uuid4().hex}"
        stored[alias]["OPTIONS"] |= {"bucket_name": bucket, "endpoint_url": s3_server.server.endpoint}
        stored[alias]["OPTIONS"]["addressing_style"] = "path"
        s3_setup.make_bucket(client, bucket, s3.REGION, is_ledger=alias == "ledger")
    return client


def name(alias: str) -> str:
    found: str = django_settings.STORAGES[alias]["OPTIONS"]["bucket_name"]
    return found


@pytest.mark.s3
def test_buckets_made_as_the_docs_say_pass(buckets: Any) -> None:
    assert checks.buckets_are_private_and_versioned() == []


@pytest.mark.s3
def test_a_bucket_that_is_not_there(buckets: Any, stored: dict[str, Any]) -> None:
    stored["files"]["OPTIONS"]["bucket_name"] = "nothing-here"
    (message,) = checks.buckets_are_private_and_versioned()
    assert (message.id, message.msg) == (
        "clouder.E020",
        "The bucket of CLOUDER_FILES_BUCKET (nothing-here) could not be looked at: NoSuchBucket.",
    )


@pytest.mark.s3
@pytest.mark.parametrize("alias", ["files", "ledger"])
def test_a_bucket_without_versions(buckets: Any, alias: str) -> None:
    buckets.put_bucket_versioning(Bucket=name(alias), VersioningConfiguration={"Status": "Suspended"})
    (message,) = checks.buckets_are_private_and_versioned()
    assert (message.id, name(alias) in message.msg) == ("clouder.E021", True)


@pytest.mark.s3
def test_a_bucket_without_a_block_of_public_access(buckets: Any) -> None:
    buckets.delete_public_access_block(Bucket=name("files"))
    assert ids(checks.buckets_are_private_and_versioned()) == ["clouder.E022"]


@pytest.mark.s3
@pytest.mark.parametrize("kind", ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"])
def test_a_block_with_a_gap(buckets: Any, kind: str) -> None:
    block = {**s3_setup.document("public-access-block"), kind: False}
    buckets.put_public_access_block(Bucket=name("files"), PublicAccessBlockConfiguration=block)
    assert ids(checks.buckets_are_private_and_versioned()) == ["clouder.E022"]


@pytest.mark.s3
def test_a_ledger_that_is_not_locked_long_enough(buckets: Any, stored: dict[str, Any]) -> None:
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 34}}}
    buckets.put_object_lock_configuration(Bucket=name("ledger"), ObjectLockConfiguration=lock)
    assert ids(checks.buckets_are_private_and_versioned()) == ["clouder.E023"]
    unlocked = f"ledger-{uuid4().hex}"
    s3_setup.make_bucket(buckets, unlocked, s3.REGION, is_ledger=False)
    stored["ledger"]["OPTIONS"]["bucket_name"] = unlocked
    assert ids(checks.buckets_are_private_and_versioned()) == ["clouder.E023"]


@pytest.mark.s3
def test_the_ledger_sends_the_checksum_that_a_locked_bucket_wants(buckets: Any, stored: dict[str, Any]) -> None:
    store: Any = storages.create_storage(stored["ledger"])
    sent: list[str] = []
    store.connection.meta.client.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: sent.extend(request.headers)
    )
    store.put_new("000000000001.json", BytesIO(b"{}"))
    assert store.open_object("000000000001.json").read() == b"{}"
    assert {"x-amz-checksum-sha256", "x-amz-server-side-encryption"} <= {header.lower() for header in sent}


class OtherService(http.server.BaseHTTPRequestHandler):
    """An S3 service that keeps versions and locks, and knows no block of public access."""

    stranger = 403

    def do_GET(self) -> None:
        is_signed = "Authorization" in self.headers
        if "?publicAccessBlock" in self.path:
            self.answer(501, "<Error><Code>NotImplemented</Code></Error>")
        elif "?versioning" in self.path:
            self.answer(200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        elif "?object-lock" in self.path:
            self.answer(
                200,
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
                "<Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention></Rule></ObjectLockConfiguration>",
            )
        elif is_signed or self.stranger == 200:
            self.answer(200, "<ListBucketResult></ListBucketResult>")
        else:
            self.answer(403, "<Error><Code>AccessDenied</Code></Error>")

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def other_service(monkeypatch: pytest.MonkeyPatch, stored: dict[str, Any]) -> Iterator[type[OtherService]]:
    handler = type("Handler", (OtherService,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    for alias in ("files", "ledger"):
        endpoint = f"http://127.0.0.1:{server.server_port}"
        stored[alias]["OPTIONS"] |= {"endpoint_url": endpoint, "addressing_style": "path"}
    yield handler
    server.shutdown()
    server.server_close()


def test_a_service_without_that_block_must_refuse_strangers(other_service: type[OtherService]) -> None:
    assert checks.buckets_are_private_and_versioned() == []
    other_service.stranger = 200
    assert ids(checks.buckets_are_private_and_versioned()) == ["clouder.E022", "clouder.E022"]


# --- the other parts ----------------------------------------------------------------------------------------


@pytest.mark.redis
def test_redis_answers(settings: Settings, redis_server: Redis) -> None:
    settings.CELERY_BROKER_URL = redis_server.url(0)
    settings.CACHES = {"default": {"LOCATION": redis_server.url(1)}}
    assert checks.parts_answer() == []
    settings.CELERY_BROKER_URL = f"redis://:wrong@127.0.0.1:{redis_server.port}/0"
    (message,) = checks.parts_answer()
    assert message.id == "clouder.E030"
    assert message.msg == "The Redis of CLOUDER_BROKER_URL does not answer: AuthenticationError."


def test_redis_does_not_answer(settings: Settings) -> None:
    settings.CACHES = {"default": {"LOCATION": f"redis://:secret@127.0.0.1:{free_port()}/1"}}
    (message,) = checks.parts_answer()
    assert message.id == "clouder.E030"
    assert message.msg == "The Redis of CLOUDER_CACHE_URL does not answer: ConnectionError."


def test_the_mail_server_answers(settings: Settings, smtp_server: SmtpServer) -> None:
    assert checks.parts_answer() == []
    settings.EMAIL_USE_TLS = True  # which it does not offer
    (message,) = checks.parts_answer()
    assert message.id == "clouder.E031"
    assert message.msg == "The mail server of CLOUDER_EMAIL_URL does not answer: SMTPNotSupportedError."
    settings.EMAIL_USE_TLS, settings.EMAIL_PORT = False, free_port()
    assert ids(checks.parts_answer()) == ["clouder.E031"]


def test_a_portal_without_a_virus_scanner_is_warned_of(settings: Settings, stored: dict[str, Any]) -> None:
    (message,) = checks.scanned_for_viruses()
    assert (message.id, message.level) == ("clouder.W016", WARNING)
    assert message.msg == "CLOUDER_CLAMD is empty: files are handed to recruiters without a virus scan."
    settings.CLAMD_ADDRESS = "unix:/run/clamav/clamd.ctl"
    assert checks.scanned_for_viruses() == []


def test_the_virus_scanner_answers(settings: Settings, clamd_server: Clamd) -> None:
    for address in (clamd_server.tcp, clamd_server.unix):
        settings.CLAMD_ADDRESS = address
        assert checks.parts_answer() == []
    settings.CLAMD_ADDRESS = f"tcp://127.0.0.1:{free_port()}"
    (message,) = checks.parts_answer()
    assert (message.id, message.level) == ("clouder.W032", WARNING)
    assert message.msg == (
        "The virus scanner of CLOUDER_CLAMD: the scanner does not answer (ConnectionRefusedError). No new file can be "
        "opened until it does."
    )


@pytest.mark.s3
@pytest.mark.redis
def test_a_whole_installation_has_nothing_to_report(
    settings: Settings, buckets: Any, redis_server: Redis, smtp_server: SmtpServer, clamd_server: Clamd
) -> None:
    settings.CLAMD_ADDRESS = clamd_server.unix
    settings.DEBUG, settings.SITE_URL = False, "https://careers.example.org"
    settings.CELERY_BROKER_URL = redis_server.url(0)
    settings.CACHES = {"default": {"LOCATION": redis_server.url(1)}}
    for check in OWN:
        assert check() == [], check
