"""Every fault in the environment is one line that names the variable and says what it wants (ux.md O10)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from clouder import env
from clouder.management.commands.settings_table import document
from tests.clouder.production import ENVIRONMENT, clean_environment

DEV = {
    **ENVIRONMENT,
    "CLOUDER_DEV": "1",
    "CLOUDER_SITE_URL": "http://127.0.0.1:8000",
    "CLOUDER_BROKER_URL": "filesystem:///data/broker",
    "CLOUDER_CACHE_URL": "dbcache://clouder_cache",
    "CLOUDER_EMAIL_URL": "devmail:///data/mail",
    "CLOUDER_FILES_DIR": "/data/files",
    "CLOUDER_LEDGER_DIR": "/data/ledger",
}
REQUIRED = [variable.name for variable in env.VARIABLES if variable.default is env.REQUIRED]


def faults(environment: dict[str, str]) -> list[str]:
    """The lines that reading this environment complains with, without the first."""
    with pytest.raises(ImproperlyConfigured) as caught:
        env.read(environment)
    first, *lines = str(caught.value).split("\n")
    assert first == "The settings of this portal are not complete:"
    return lines


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in ENVIRONMENT.items() if name not in names}


def test_a_whole_environment_is_read() -> None:
    values = env.read(ENVIRONMENT)
    assert values.keys() == {variable.name for variable in env.VARIABLES}
    assert (values["CLOUDER_TRUSTED_PROXIES"], values["CLOUDER_S3_REGION"], values["CLOUDER_DEV"]) == (
        1,
        "eu-north-1",
        False,
    )
    assert values["DATABASE_URL"]["NAME"] == "clouder"


def test_dev_py_may_use_its_own_parts() -> None:
    values = env.read({name: value for name, value in DEV.items() if not name.endswith("_BUCKET")})
    assert values["CLOUDER_FILES_DIR"] == Path("/data/files")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable(name: str) -> None:
    variable = next(variable for variable in env.VARIABLES if variable.name == name)
    assert faults(without(name)) == [f"{name} is missing: it wants {variable.wants} ({variable.meaning})"]


def test_secrets_have_no_default() -> None:
    secrets = {"SECRET_KEY", "SUPPRESSION_KEYS", "BROKER_URL", "CACHE_URL", "EMAIL_URL"}
    assert {"DATABASE_URL", *(f"CLOUDER_{name}" for name in secrets)} <= set(REQUIRED)


@pytest.mark.parametrize("name", ["CLOUDER_TYPO", "CLOUDER_DATABASE_URL", "CLOUDER_DEBUG"])
def test_an_unknown_variable(name: str) -> None:
    assert faults({**ENVIRONMENT, name: "1"}) == [
        f"{name} is not a setting of Clouder; docs/reference/settings.md lists those that are"
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("CLOUDER_SECRET_KEY", ["", "short", "x" * 49, "ababababab" * 6]),
        ("CLOUDER_SITE_URL", ["", "careers.example.org", "ftp://host", "https://", "https://host/path", "https://host:x",
                              "https://host?q", "https://user@host", "https://:443"]),
        ("CLOUDER_ALLOWED_HOSTS", ["*", "a.example.org,*", "https://a.example.org", "a.example.org/x", "a:443"]),
        ("DATABASE_URL", ["", "sqlite:///db", "mysql://u:p@h/n", "postgresql://h", "postgresql://u:p@h:port/n", "x"]),
        ("CLOUDER_BROKER_URL", ["", "amqp://h", "redis://", "redis:h", "memory://x", "redis://h:port/0"]),
        ("CLOUDER_CACHE_URL", ["", "locmem://x", "rediss://", "redis://h:port/0"]),
        ("CLOUDER_FILES_BUCKET", ["", "A bucket", "s3://bucket", "x"]),
        ("CLOUDER_LEDGER_BUCKET", ["", "A bucket"]),
        ("CLOUDER_S3_REGION", ["", "EU (Stockholm)"]),
        ("CLOUDER_S3_ENDPOINT", ["", "s3.example.org", "https://"]),
        ("CLOUDER_CLAMD", ["", "localhost", "tcp://host", "unix://host/path", "unix:clamd.ctl", "http://host:1"]),
        ("CLOUDER_S3_ENCRYPTION", ["", "none", "aes256"]),
        ("CLOUDER_EMAIL_URL", ["", "mail.example.org", "smtp://host", "smtp+tls://host:port", "sendmail://x:1"]),
        ("CLOUDER_EMAIL_FROM", ["", "Example careers", "a@b\nBcc: c@d", "a b@example.org"]),
        ("CLOUDER_CONTROLLER_NAME", ["", " "]),
        ("CLOUDER_CONTROLLER_ADDRESS", ["", " "]),
        ("CLOUDER_PRIVACY_EMAIL", ["", "privacy", "a@b, c@d", "Name <a@b>"]),
        ("CLOUDER_TRUSTED_PROXIES", ["", "-1", "one", "1.5"]),
        ("CLOUDER_RETENTION_RUN_LIMIT", ["", "-1", "many"]),
        ("CLOUDER_RETENTION_MONTHS", ["", "0", "25", "-1", "two"]),
        ("CLOUDER_SOURCED_MONTHS", ["", "0", "25"]),
        ("CLOUDER_SUPPRESSION_KEYS", ["", "x" * 40, "1:short", "0:" + "x" * 40, "1:" + "x" * 40 + ",1:" + "y" * 40]),
        ("CLOUDER_DEV", ["", "maybe"]),
    ],
)  # fmt: skip
def test_a_malformed_variable(name: str, values: list[str]) -> None:
    wants = next(variable.wants for variable in env.VARIABLES if variable.name == name)
    for value in values:
        assert faults({**ENVIRONMENT, name: value}) == [f"{name} is malformed: it wants {wants}"], value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLOUDER_FILES_DIR", "/data/files"),
        ("CLOUDER_LEDGER_DIR", "/data/ledger"),
        ("CLOUDER_CLOCK_FILE", "/data/clock"),
        ("CLOUDER_PARTS", "PostgreSQL 18 (embedded)"),
    ],
)
def test_a_variable_of_dev_py_elsewhere(name: str, value: str) -> None:
    assert faults({**ENVIRONMENT, name: value}) == [f"{name} is for dev.py alone; leave it out here"]


@pytest.mark.parametrize("name", ["CLOUDER_BROKER_URL", "CLOUDER_CACHE_URL", "CLOUDER_EMAIL_URL"])
def test_a_part_of_dev_py_elsewhere(name: str) -> None:
    wants = next(variable.wants for variable in env.VARIABLES if variable.name == name)
    assert faults({**ENVIRONMENT, name: DEV[name]}) == [f"{name} names a part of dev.py; here it wants {wants}"]


def test_a_site_without_tls_elsewhere() -> None:
    assert faults({**ENVIRONMENT, "CLOUDER_SITE_URL": "http://careers.example.org"}) == [
        "CLOUDER_SITE_URL is malformed: it wants https://host"
    ]


@pytest.mark.parametrize(
    ("bucket", "what"), [("CLOUDER_FILES_BUCKET", "candidates' files"), ("CLOUDER_LEDGER_BUCKET", "the ledger")]
)
def test_no_place_for_objects(bucket: str, what: str) -> None:
    line = f"{bucket} is missing: it wants the name of a bucket ({what})"
    assert faults(without(bucket)) == [line]
    folder = bucket.replace("BUCKET", "DIR")
    names = {bucket, folder}
    assert faults({name: value for name, value in DEV.items() if name not in names}) == [line]


def test_all_faults_are_told_at_once() -> None:
    lines = faults({"CLOUDER_TYPO": "1", "CLOUDER_SITE_URL": "http://h.example.org", "CLOUDER_PARTS": "x"})
    assert [line.split(" ")[0] for line in lines] == [
        "CLOUDER_TYPO",
        *(name for name in REQUIRED if name != "CLOUDER_SITE_URL"),
        "CLOUDER_FILES_BUCKET",
        "CLOUDER_LEDGER_BUCKET",
        "CLOUDER_PARTS",
        "CLOUDER_SITE_URL",
    ]


def test_no_line_quotes_a_value() -> None:
    hidden = "hunter2-hunter2"
    environment = dict.fromkeys(ENVIRONMENT, f"{hidden}://")
    assert hidden not in "\n".join(faults(environment))


def test_the_table_in_the_docs_is_up_to_date() -> None:
    path = settings.BASE_DIR / "docs" / "reference" / "settings.md"
    assert path.read_text(encoding="utf-8") == document()


PROGRAMS = {
    "manage.py": (["-m", "manage", "check"], 1),
    "gunicorn": (["-m", "gunicorn", "--config", "deploy/gunicorn_conf.py", "--bind", "127.0.0.1:0", "clouder.wsgi"], 3),
    "another server": (["-c", "import clouder.wsgi"], 3),
    "worker": (["-m", "celery", "-A", "clouder", "worker"], 1),
    "beat": (["-m", "celery", "-A", "clouder", "beat"], 1),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_says_what_is_missing_and_ends_at_once(program: str) -> None:
    arguments, code = PROGRAMS[program]
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    output = run.stdout + run.stderr
    assert run.returncode == code, output
    assert "Traceback" not in output
    for name in (*REQUIRED, "CLOUDER_FILES_BUCKET", "CLOUDER_LEDGER_BUCKET"):
        assert f"\n{name} is missing: it wants " in output


def test_one_fault_is_one_line() -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env=clean_environment(CLOUDER_EMAIL_URL=None),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        "The settings of this portal are not complete:\n"
        "CLOUDER_EMAIL_URL is missing: it wants smtp+tls://user:password@host:port (the mail server)\n"
    )
