"""The doctor: each thing that can be wrong with a store is found and named, and a store made as the docs say has none.

The buckets are made by deploy/s3/make_buckets.py on moto's server; each test spoils one thing. moto takes the policy
that refuses requests without TLS for one that refuses every new object, so the probe is tested without it.
"""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from pytest_django import Settings

from clouder.embedded import s3
from clouder.embedded.processes import free_port
from deploy.s3 import make_buckets
from files import bucket_rules, doctor
from files.doctor import Verdict
from privacy.enums import AlarmKind
from privacy.management.commands.files import policies
from privacy.models import Alarm
from privacy.services.reconcile import watch_buckets
from tests.clouder.production import clean_environment
from tests.parts.servers import Buckets
from tests.parts.stores import BreakStore
from tests.parts.worker import worker_environment

FILES, LEDGER = s3.BUCKETS
SITE = "http://testserver"
OF_FILES = [
    "public access", "access list", "ownership", "TLS", "policy", "versions", "encryption", "region", "old versions",
    "uploads", "incoming", "markers", "age", "lock", "CORS", "copies", "probe",
]  # fmt: skip
OF_LEDGER = [*OF_FILES[:8], "lock", "age", "CORS", "copies"]
Client = Any


@pytest.fixture
def made(s3_buckets: Buckets) -> Client:
    """Both buckets as the script of deploy/ makes them; a client of the server."""
    client = boto3.client("s3", endpoint_url=s3_buckets.environment["CLOUDER_S3_ENDPOINT"], region_name=s3.REGION)
    client.delete_bucket(Bucket=LEDGER)  # a lock is a matter of making it
    for bucket in (FILES, LEDGER):
        make_buckets.make_bucket(client, bucket, s3.REGION, is_ledger=bucket == LEDGER, site=SITE)
        policy = json.dumps(make_buckets.document("tls-only-policy", bucket))
        client.put_bucket_policy(Bucket=bucket, Policy=policy)  # which the script leaves out without TLS
    return client


def faults() -> list[tuple[str, str, str]]:
    """What is not well, but for the region, which nothing but Amazon's own address tells, and the probe, see above."""
    found = [item for item in doctor.examine() if item.verdict is not Verdict.WELL]
    return [(item.store, item.rule, item.text) for item in found if item.rule not in {"region", "probe"}]


@pytest.mark.s3
def test_buckets_made_as_the_docs_say_are_well(made: Client) -> None:
    found = doctor.examine()
    assert [(item.store, item.rule) for item in found] == [
        *(("files", rule) for rule in OF_FILES),
        *(("ledger", rule) for rule in OF_LEDGER),
    ]
    assert faults() == []
    assert {item.verdict for item in found if item.rule == "region"} == {Verdict.UNKNOWN}


@pytest.mark.s3
def test_the_probe_leaves_nothing_behind(made: Client, s3_buckets: Buckets) -> None:
    made.delete_bucket_policy(Bucket=FILES)
    (probe,) = [item for item in doctor.examine() if item.rule == "probe"]
    assert probe.verdict is Verdict.WELL
    assert s3_buckets.contents() == []
    assert made.list_objects_v2(Bucket=LEDGER)["KeyCount"] == 0, "nothing is tried out on the ledger"


def use_bucket(settings: Settings, alias: str, bucket: str) -> None:
    store = settings.STORAGES[alias]
    settings.STORAGES = settings.STORAGES | {alias: {**store, "OPTIONS": {**store["OPTIONS"], "bucket_name": bucket}}}


FOR_ALL, INCOMING = bucket_rules.lifecycle()["Rules"]


def only_rules(client: Client, *found: dict[str, Any]) -> None:
    """These lifecycle rules; what is None in one is not in it."""
    rules = [{key: value for key, value in rule.items() if value is not None} for rule in found]
    client.put_bucket_lifecycle_configuration(Bucket=FILES, LifecycleConfiguration={"Rules": rules})


def lifecycle(client: Client, **changes: Any) -> None:
    only_rules(client, {**FOR_ALL, **changes}, INCOMING)


def policy(client: Client, bucket: str, **changes: Any) -> None:
    (statement,) = bucket_rules.tls_only(bucket)["Statement"]
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **changes}]})
    client.put_bucket_policy(Bucket=bucket, Policy=text)


def cors(client: Client, bucket: str, **changes: Any) -> None:
    (rule,) = bucket_rules.cors(SITE)["CORSRules"]
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [{**rule, **changes}]})


def copy_to(client: Client, bucket: str, region: str) -> None:
    there: Client = boto3.client("s3", endpoint_url=client.meta.endpoint_url, region_name=region)
    there.create_bucket(Bucket="copy", CreateBucketConfiguration={"LocationConstraint": region})
    client.put_bucket_versioning(Bucket="copy", VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "copy",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::copy"},
    }
    configuration = {"Role": "arn:aws:iam::123456789012:role/copy", "Rules": [rule]}
    client.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configuration)


def lock(client: Client, mode: str, days: int) -> None:
    rule = {"DefaultRetention": {"Mode": mode, "Days": days}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    client.put_object_lock_configuration(Bucket=LEDGER, ObjectLockConfiguration=configuration)


OPEN = {"ACL": "public-read"}
SPOILED: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "no block of public access": (
        lambda client: client.delete_public_access_block(Bucket=FILES),
        ("files", "public access", "public access is not blocked, all four kinds of it"),
    ),
    **{
        f"a gap in the block: {kind}": (
            lambda client, kind=kind: client.put_public_access_block(
                Bucket=LEDGER,
                PublicAccessBlockConfiguration={**bucket_rules.public_access_block(), kind: False},
            ),
            ("ledger", "public access", "public access is not blocked, all four kinds of it"),
        )
        for kind in bucket_rules.PUBLIC_ACCESS_BLOCK
    },
    "an access list": (
        lambda client: client.put_bucket_acl(Bucket=FILES, **OPEN),
        ("files", "access list", "its access list lets everybody in"),
    ),
    "the owners of objects": (
        lambda client: client.put_bucket_ownership_controls(
            Bucket=FILES, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
        ("files", "ownership", "object ownership is ObjectWriter: access lists count"),
    ),
    "no rule of ownership": (
        lambda client: client.delete_bucket_ownership_controls(Bucket=FILES),
        ("files", "ownership", "object ownership is not set: access lists count"),
    ),
    "no policy": (
        lambda client: client.delete_bucket_policy(Bucket=LEDGER),
        ("ledger", "TLS", "its policy does not refuse requests without TLS"),
    ),
    **{
        f"a policy that refuses less: {name}": (
            lambda client, name=name, value=value: policy(client, FILES, **{name: value}),
            ("files", "TLS", "its policy does not refuse requests without TLS"),
        )
        for name, value in {
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{FILES}/*",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        }.items()
    },
    "no versions": (
        lambda client: client.put_bucket_versioning(Bucket=FILES, VersioningConfiguration={"Status": "Suspended"}),
        ("files", "versions", "it keeps no versions"),
    ),
    "no encryption": (
        lambda client: client.delete_bucket_encryption(Bucket=FILES),
        ("files", "encryption", "it does not encrypt by default"),
    ),
    "versions that go too early": (
        lambda client: lifecycle(client, NoncurrentVersionExpiration={"NoncurrentDays": 7}),
        ("files", "old versions", "noncurrent versions end after 7 days"),
    ),
    "versions of some objects only": (
        lambda client: only_rules(
            client,
            {**FOR_ALL, "Filter": {"Prefix": "a/"}},
            {**FOR_ALL, "ID": "b", "NoncurrentVersionExpiration": None},
            INCOMING,
        ),
        ("files", "old versions", "noncurrent versions end after no time at all: there is no rule for it"),
    ),
    "a rule by age": (
        lambda client: only_rules(
            client,
            FOR_ALL,
            INCOMING,
            {"ID": "off", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}},
            {"ID": "on", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 1}},
        ),
        ("files", "age", "a lifecycle rule deletes files by their age, sent ones among them: on"),
    ),
    "uploads that nobody took stay": (
        lambda client: only_rules(client, FOR_ALL, {**INCOMING, "Expiration": {"Days": 30}}),
        ("files", "incoming", "uploads that nobody took end after 30 days"),
    ),
    "uploads that stay": (
        lambda client: lifecycle(client, AbortIncompleteMultipartUpload=None),
        ("files", "uploads", "unfinished uploads end after no time at all: there is no rule for it"),
    ),
    "markers that stay": (
        lambda client: lifecycle(client, Expiration=None),
        ("files", "markers", "delete markers with nothing behind them stay for ever"),
    ),
    "another site": (
        lambda client: cors(client, FILES, AllowedOrigins=[SITE, "https://other.example"]),
        ("files", "CORS", f"pages of other sites than {SITE} may use it (CORS)"),
    ),
    "every site": (
        lambda client: cors(client, FILES, AllowedOrigins=["*"]),
        ("files", "CORS", f"pages of other sites than {SITE} may use it (CORS)"),
    ),
    "reading by pages": (
        lambda client: cors(client, FILES, AllowedMethods=["POST", "GET"]),
        ("files", "CORS", "pages may do more with it than send files (CORS)"),
    ),
    "a ledger for pages": (
        lambda client: cors(client, LEDGER),
        ("ledger", "CORS", "pages of sites may use it (CORS)"),
    ),
    "a lock that is short": (
        lambda client: lock(client, "COMPLIANCE", 34),
        ("ledger", "lock", "objects are locked for 34 days and not for 35"),
    ),
    "a lock that some open": (
        lambda client: lock(client, "GOVERNANCE", 35),
        ("ledger", "lock", "objects are locked in the mode GOVERNANCE, which some may override"),
    ),
    "a copy of files": (
        lambda client: copy_to(client, FILES, "eu-west-1"),
        ("files", "copies", "it is copied to copy: what is erased here would stay there"),
    ),
    "a copy of the ledger abroad": (
        lambda client: copy_to(client, LEDGER, "us-east-2"),
        ("ledger", "copies", "it is copied out of the EU: copy in us-east-2"),
    ),
}


@pytest.mark.s3
@pytest.mark.parametrize("case", SPOILED)
def test_each_fault_is_found_and_named(made: Client, case: str) -> None:
    assert faults() == []
    spoil, found = SPOILED[case]
    spoil(made)
    assert faults() == [found]


@pytest.mark.s3
def test_a_policy_for_everybody(made: Client) -> None:
    (denied,) = bucket_rules.tls_only(FILES)["Statement"]
    allowed = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": denied["Resource"]}
    text = json.dumps({"Version": "2012-10-17", "Statement": [denied, allowed]})
    made.put_bucket_policy(Bucket=FILES, Policy=text)
    assert faults() == [("files", "policy", "its policy allows something to everybody")]


@pytest.mark.s3
def test_a_locked_bucket_of_files(made: Client, settings: Settings) -> None:
    use_bucket(settings, "files", LEDGER)
    found = [text for store, rule, text in faults() if (store, rule) == ("files", "lock")]
    assert found == ["objects are locked for 35 days: an erasure could not delete them"]


@pytest.mark.s3
def test_a_ledger_that_is_copied_within_the_eu_is_well(made: Client) -> None:
    copy_to(made, LEDGER, "eu-west-1")
    assert faults() == []


@pytest.mark.parametrize(
    ("region", "is_inside"),
    [
        ("eu-north-1", True),
        ("eusc-de-east-1", True),
        ("eu-west-2", False),
        ("eu-central-2", False),
        ("us-east-1", False),
    ],
)
def test_what_is_in_the_eu(region: str, is_inside: bool) -> None:
    assert bucket_rules.is_in_the_eu(region) is is_inside


@pytest.mark.s3
def test_a_bucket_that_is_not_there_fails_every_question(made: Client, settings: Settings) -> None:
    use_bucket(settings, "ledger", "nothing-here")
    found = [item for item in doctor.examine() if item.store == "ledger"]
    assert {item.verdict for item in found} == {Verdict.WRONG}
    assert [item.rule for item in found] == OF_LEDGER
    assert all(item.text.endswith("it could not be asked (NoSuchBucket)") for item in found)


# A store of another make, which knows versions and nothing else


class Plain(http.server.BaseHTTPRequestHandler):
    """Answers 501 to all questions but one, and lets strangers in or not."""

    stranger = 403

    def do_GET(self) -> None:
        if "?versioning" in self.path:
            self.answer(200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        elif "?list-type" in self.path and "Authorization" not in self.headers:
            is_let_in = self.stranger == 200
            self.answer(
                self.stranger, "<ListBucketResult/>" if is_let_in else "<Error><Code>AccessDenied</Code></Error>"
            )
        else:
            self.answer(501, "<Error><Code>NotImplemented</Code></Error>")

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[type[Plain]]:
    """Another service, as the ledger's store; that of files is a folder."""
    handler = type("Handler", (Plain,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    endpoint = f"http://127.0.0.1:{server.server_port}"
    settings.STORAGES = settings.STORAGES | {"ledger": other(endpoint)}
    yield handler
    server.shutdown()
    server.server_close()


def other(endpoint: str) -> dict[str, Any]:
    options = {
        "bucket_name": "ledger",
        "region_name": "eu-north-1",
        "endpoint_url": endpoint,
        "addressing_style": "path",
    }
    return {"BACKEND": "files.storage_s3.S3ObjectStorage", "OPTIONS": options}


def test_what_a_store_does_not_know_cannot_be_told(plain: type[Plain]) -> None:
    found = {item.rule: item for item in doctor.examine() if item.store == "ledger"}
    assert [rule for rule, item in found.items() if item.verdict is Verdict.WELL] == ["public access", "versions"]
    assert {item.verdict for rule, item in found.items() if rule not in {"public access", "versions"}} == {
        Verdict.UNKNOWN
    }
    assert found["TLS"].text == (
        "its policy refuses every request without TLS: the store does not know it (NotImplemented)"
    )
    plain.stranger = 200
    (item,) = [item for item in doctor.examine() if (item.store, item.rule) == ("ledger", "public access")]
    assert item.verdict is Verdict.WRONG


# Folders


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """A folder of its own, as the store of files."""
    inner = tmp_path / "files"
    inner.mkdir(mode=0o700)
    backend = {"BACKEND": "files.storage_local.LocalObjectStorage", "OPTIONS": {"location": inner}}
    settings.STORAGES = settings.STORAGES | {"files": backend}
    return inner


def of_files() -> list[tuple[str, str]]:
    return [
        (item.rule, item.text)
        for item in doctor.examine()
        if item.store == "files" and item.verdict is not Verdict.WELL
    ]


def test_a_folder_of_ones_own_is_well(folder: Path) -> None:
    assert [(item.rule, item.verdict) for item in doctor.examine() if item.store == "files"] == [
        (rule, Verdict.WELL) for rule in ("folder", "web", "space", "probe")
    ]
    assert list(folder.rglob("*")) == []


def test_a_folder_that_others_can_read(folder: Path) -> None:
    above = [place for place in (folder, *folder.parents) if not place.stat().st_mode & 0o077]
    before = {place: place.stat().st_mode for place in above}
    try:
        for place in above:
            place.chmod(0o755)
        assert of_files() == [("folder", f"{folder} can be read by others: chmod 700")]
        folder.chmod(0o700)
        assert of_files() == []
    finally:
        for place, mode in before.items():
            place.chmod(mode)


def test_a_folder_that_a_web_server_shows(folder: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = folder.parent
    assert of_files() == [("web", f"it lies below {folder.parent}, which a web server shows")]


def test_a_disk_without_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ENOUGH_BYTES", 10**18)
    ((rule, text),) = of_files()
    assert (rule, text.endswith("MB are free, and 1000000000000 wanted")) == ("space", True)


def test_a_store_that_does_not_delete(break_store: BreakStore) -> None:
    break_store("files", "RefusingStore")
    assert of_files() == [("probe", "an object could not be written, read and deleted: AccessDenied")]


# The command


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("files", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.django_db
def test_the_command_says_it_line_by_line(folder: Path) -> None:
    code, text = run("doctor")
    assert (code, text.splitlines()[:4]) == (
        0,
        [
            "ok files folder nobody else on this machine can read it",
            "ok files web no web server shows it",
            "ok files space the disk has room",
            "ok files probe an object can be written, read and deleted, and leaves nothing behind",
        ],
    )


@pytest.mark.django_db
@pytest.mark.s3
def test_the_commands_exit_code_and_json(made: Client) -> None:
    made.delete_bucket_policy(Bucket=FILES)
    code, text = run("doctor", "--json")
    assert (code, json.loads(text)["errors"]) == (
        1,
        [
            {
                "verdict": "wrong",
                "store": "files",
                "rule": "TLS",
                "text": "its policy does not refuse requests without TLS",
            }
        ],
    )
    code, text = run("doctor", "--format", "json", "--strict")
    assert (code, [error["rule"] for error in json.loads(text)["errors"]]) == (1, ["TLS", "region", "region"])


@pytest.mark.django_db
def test_a_store_that_does_not_answer_is_said_and_the_rest_is_said_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    settings.STORAGES = settings.STORAGES | {"files": other(f"http://127.0.0.1:{free_port()}")}
    code, text = run("doctor", "--json")
    found = json.loads(text)
    assert code == 1
    assert [error.get("rule") for error in found["errors"]] == [*OF_FILES, None]
    assert found["errors"][-1] == {"problem": "store and database were not compared: EndpointConnectionError"}
    assert [item["verdict"] for item in found["items"] if item["store"] == "ledger"] == ["ok"] * 3


# The documents


def test_the_files_in_deploy_are_those_that_the_command_makes(tmp_path: Path) -> None:
    run("print-policy", "--into", str(tmp_path))
    there = {path.name: path.read_text() for path in (django_settings.BASE_DIR / "deploy" / "s3").glob("*.json")}
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == there
    assert len(there) == 9


def test_the_command_puts_the_names_in() -> None:
    _, text = run(
        "print-policy", "--bucket", "our-files", "--ledger", "our-ledger", "--region", "eu-north-1",
        "--origin", "https://careers.example.org/",
    )  # fmt: skip
    found = {part.partition("\n")[0]: json.loads(part.partition("\n")[2]) for part in text.split("# ")[1:]}
    assert list(found) == [
        "access-policy", "cors of our-files", "encryption", "lifecycle of our-files", "object-lock of our-ledger",
        "ownership", "public-access-block", "tls-only-policy of our-files", "tls-only-policy of our-ledger",
        "versioning", "region",
    ]  # fmt: skip
    assert found["cors of our-files"]["CORSRules"][0]["AllowedOrigins"] == ["https://careers.example.org"]
    assert found["region"] == {"LocationConstraint": "eu-north-1"}
    assert "BUCKET" not in text
    assert '"SITE"' not in text
    assert found["tls-only-policy of our-files"] == bucket_rules.tls_only("our-files")


def test_without_buckets_the_places_for_names_stay() -> None:
    assert "arn:aws:s3:::FILES_BUCKET/*" in "".join(policies())


@pytest.mark.s3
def test_a_bucket_set_up_by_what_is_printed_is_well(s3_buckets: Buckets) -> None:
    """Whoever uses another tool than our script gets the same."""
    client: Client = boto3.client(
        "s3", endpoint_url=s3_buckets.environment["CLOUDER_S3_ENDPOINT"], region_name=s3.REGION
    )
    _, text = run("print-policy")
    found = {part.partition("\n")[0]: json.loads(part.partition("\n")[2]) for part in text.split("# ")[1:]}
    client.delete_bucket(Bucket=LEDGER)
    client.create_bucket(Bucket=LEDGER, CreateBucketConfiguration=found["region"], ObjectLockEnabledForBucket=True)
    for bucket in (FILES, LEDGER):
        client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=found["public-access-block"])
        client.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=found["ownership"])
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=found["versioning"])
        client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=found["encryption"])
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(found[f"tls-only-policy of {bucket}"]))
    client.put_bucket_lifecycle_configuration(Bucket=FILES, LifecycleConfiguration=found[f"lifecycle of {FILES}"])
    client.put_bucket_cors(Bucket=FILES, CORSConfiguration=found[f"cors of {FILES}"])
    client.put_object_lock_configuration(Bucket=LEDGER, ObjectLockConfiguration=found[f"object-lock of {LEDGER}"])
    assert faults() == []


# Is it public? (start-up and the daily look)


@pytest.mark.s3
def test_a_public_bucket_is_named(made: Client) -> None:
    assert doctor.look_for_public(is_starting=True) == doctor.Public([], is_whole=True)
    made.delete_public_access_block(Bucket=LEDGER)
    assert doctor.look_for_public(is_starting=True) == doctor.Public([LEDGER], is_whole=True)
    assert doctor.look_for_public() == doctor.Public([LEDGER], is_whole=True)


def test_a_folder_is_no_public_bucket() -> None:
    assert doctor.look_for_public() == doctor.Public([], is_whole=True)


def test_a_store_that_does_not_answer_is_not_called_public(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    settings.STORAGES = settings.STORAGES | {"files": other(f"http://127.0.0.1:{free_port()}")}
    assert doctor.look_for_public(is_starting=True) == doctor.Public([], is_whole=False)
    assert "whether a bucket is public cannot be told: EndpointConnectionError" in caplog.text


@pytest.mark.django_db
@pytest.mark.s3
def test_a_public_bucket_is_an_alarm_until_it_is_closed(made: Client, at: datetime, settings: Settings) -> None:
    def live() -> list[tuple[str, int]]:
        return list(Alarm.objects.filter(cleared_at=None).values_list("kind", "number"))

    watch_buckets(at=at)
    assert live() == []
    made.delete_public_access_block(Bucket=FILES)
    watch_buckets(at=at)
    assert live() == [(AlarmKind.PUBLIC_BUCKET, 1)]
    sound = settings.STORAGES
    settings.STORAGES = sound | {"files": other(f"http://127.0.0.1:{free_port()}")}
    watch_buckets(at=at)
    assert live() == [(AlarmKind.PUBLIC_BUCKET, 1)], "silence is not a closed bucket"
    settings.STORAGES = sound
    made.put_public_access_block(Bucket=FILES, PublicAccessBlockConfiguration=bucket_rules.public_access_block())
    watch_buckets(at=at)
    assert live() == []


# The start of a program


START: dict[str, list[str]] = {
    "web": ["-m", "gunicorn", "--config", "deploy/gunicorn_conf.py", "--bind", "127.0.0.1:0", "clouder.wsgi"],
    "worker": ["-m", "celery", "-A", "clouder", "worker", "-P", "solo"],
    "beat": ["-m", "celery", "-A", "clouder", "beat"],
}


@pytest.mark.s3
@pytest.mark.parametrize("name", START)
def test_with_a_public_bucket_nothing_starts(made: Client, s3_buckets: Buckets, tmp_path: Path, name: str) -> None:
    made.delete_public_access_block(Bucket=FILES)
    run = subprocess.run(
        [sys.executable, *START[name]], cwd=django_settings.BASE_DIR, env=clean_environment(**s3_buckets.environment),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == (3 if name == "web" else 1), run.stderr
    sentence = f"Nothing is started: the bucket {FILES} does not block public access."
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr


BEGIN = "from clouder.start import *; require_settings(); refuse_public_buckets(); print('goes on')"


@pytest.mark.s3
def test_a_private_bucket_and_one_that_does_not_answer_stop_nobody(made: Client, s3_buckets: Buckets) -> None:
    for endpoint in (s3_buckets.environment["CLOUDER_S3_ENDPOINT"], f"http://127.0.0.1:{free_port()}"):
        environment = clean_environment(**s3_buckets.environment | {"CLOUDER_S3_ENDPOINT": endpoint})
        run = subprocess.run(
            [sys.executable, "-c", BEGIN], cwd=django_settings.BASE_DIR, env=environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (run.returncode, run.stdout) == (0, "goes on\n"), run.stderr


@pytest.mark.parametrize(("act", "code"), [("print-policy", 0), ("doctor", 1), ("reconcile", 1)])
def test_before_there_is_a_database_the_buckets_can_be_set_up_and_looked_at(
    act: str, code: int, tmp_path: Path
) -> None:
    environment = worker_environment() | {"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none"}
    run = subprocess.run(
        [sys.executable, "manage.py", "files", act], cwd=django_settings.BASE_DIR, env=environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (run.returncode, "Traceback" in run.stderr) == (code, False), run.stderr
    said = {
        "print-policy": "# lifecycle of FILES_BUCKET",
        "doctor": "store and database were not compared: OperationalError",
        "reconcile": "files does nothing now",
    }
    assert said[act] in run.stdout + run.stderr
