"""The files in deploy/ say the same as the code and as one another (ux.md O11)."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from clouder import env
from clouder.celery import SCHEDULE
from deploy.s3.make_buckets import document
from tests.clouder.production import clean_environment

DEPLOY = settings.BASE_DIR / "deploy"
DOCS = settings.BASE_DIR / "docs" / "how-to"


def procfile() -> dict[str, str]:
    lines = (settings.BASE_DIR / "Procfile").read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


def unit(name: str) -> dict[str, list[str]]:
    """The keys of a systemd unit; some may stand more than once."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / f"clouder-{name}.service").read_text(encoding="utf-8").splitlines():
        key, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_procfile_and_unit_run_the_same_command(name: str) -> None:
    (command,) = unit(name)["ExecStart"]
    assert command == f"{unit(name)['WorkingDirectory'][0]}/.venv/bin/{procfile()[name]}"


def test_every_process_has_a_unit() -> None:
    names = {path.stem.removeprefix("clouder-") for path in (DEPLOY / "systemd").iterdir()}
    assert names == procfile().keys() - {"release"}


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_units_are_shut_in(name: str) -> None:
    found = unit(name)
    for key in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictNamespaces"):
        assert found[key] == ["yes"], key
    assert (found["ProtectSystem"], found["User"], found["CapabilityBoundingSet"]) == (["strict"], ["clouder"], [""])
    assert found["EnvironmentFile"] == ["/etc/clouder/clouder.env"]


def example() -> str:
    return (DEPLOY / "clouder.env.example").read_text(encoding="utf-8")


def test_the_example_names_every_setting_of_production_and_no_other() -> None:
    named = re.findall(r"^(?:# )?(CLOUDER_\w+|DATABASE_URL)=", example(), re.MULTILINE)
    assert sorted(named) == sorted(variable.name for variable in env.VARIABLES if not variable.is_dev_only)


def test_the_example_wants_keys_of_your_own_and_nothing_else() -> None:
    values = dict(re.findall(r'^(\w+)="(.*)"$', example(), re.MULTILINE))
    assert values["CLOUDER_SECRET_KEY"] == ""
    env.read({**values, "CLOUDER_SECRET_KEY": "0123456789" * 6, "CLOUDER_SUPPRESSION_KEYS": "1:" + "0123456789" * 4})
    script = "import sys; from clouder import env; import os; env.read(os.environ)"
    keys = 'CLOUDER_SECRET_KEY="$1"; CLOUDER_SUPPRESSION_KEYS="1:$1"'
    run = subprocess.run(
        ["bash", "-c", f'set -a; . deploy/clouder.env.example; {keys}; exec "$2" -c "$3"', "bash",
         "0123456789" * 6, sys.executable, script],
        cwd=settings.BASE_DIR,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")


def test_the_manage_script_runs_a_command_with_the_settings_of_a_file(tmp_path: Any) -> None:
    file = tmp_path / "clouder.env"
    keys = {"CLOUDER_SECRET_KEY": "0123456789" * 6, "CLOUDER_SUPPRESSION_KEYS": "1:" + "0123456789" * 4}
    content = example()
    for name, value in keys.items():
        content = content.replace(f'{name}=""', f'{name}="{value}"')
    file.write_text(content)
    if not (settings.BASE_DIR / ".venv").exists():
        pytest.skip("the script runs what is in .venv, and there is none here")
    run = subprocess.run(
        [DEPLOY / "manage", "diffsettings"],
        cwd=tmp_path,
        env={"PATH": clean_environment()["PATH"], "ENV_FILE": str(file)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "SITE_URL = 'https://careers.example.org'" in run.stdout


def test_the_documents_of_the_buckets_say_what_limits_say() -> None:
    documents = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (DEPLOY / "s3").glob("*.json")}
    rule, incoming = documents["lifecycle"]["Rules"]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 35
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1
    assert rule["Expiration"] == {"ExpiredObjectDeleteMarker": True}, "and nothing by age"
    assert (incoming["Filter"], incoming["Expiration"]) == ({"Tag": {"Key": "state", "Value": "incoming"}}, {"Days": 1})
    assert documents["object-lock"]["Rule"]["DefaultRetention"]["Days"] == 35
    assert set(documents["public-access-block"].values()) == {True}


def test_browsers_of_the_site_may_send_files_and_read_nothing() -> None:
    (rule,) = document("cors", site="https://careers.example.org")["CORSRules"]
    assert rule["AllowedOrigins"] == ["https://careers.example.org"]
    assert rule["AllowedMethods"] == ["POST"]
    assert {"AllowedHeaders", "ExposeHeaders"} & set(rule) == set()


def test_the_policies_name_their_buckets() -> None:
    (statement,) = document("tls-only-policy", "example-files")["Statement"]
    assert statement["Resource"] == ["arn:aws:s3:::example-files", "arn:aws:s3:::example-files/*"]
    assert statement["Effect"] == "Deny"
    ledger = document("access-policy", "x")["Statement"][-1]
    assert ledger["Action"] == ["s3:GetObject", "s3:PutObject"]  # nobody deletes from it


def test_nginx_takes_what_the_portal_takes_and_one_proxy_is_trusted() -> None:
    text = (DEPLOY / "nginx" / "clouder.conf").read_text(encoding="utf-8")
    (size,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(size) * 2**20 > settings.REQUEST_MAX_BYTES
    assert 'CLOUDER_TRUSTED_PROXIES="1"' in example()
    for name in ("$request", "$request_uri", "$http_referer", "$args"):
        assert name not in re.findall(r"log_format .*?;", text, re.DOTALL)[0].split()


def test_nginx_has_a_page_of_its_own_for_all_that_it_says_itself() -> None:
    text = (DEPLOY / "nginx" / "clouder.conf").read_text(encoding="utf-8")
    named = set(re.findall(r"error_page [\d ]+ +/_nginx/(\w+\.html);", text))
    pages = DEPLOY / "nginx" / "pages"
    assert named == {path.name for path in pages.glob("*.html")}
    for name in named:
        page = (pages / name).read_text(encoding="utf-8")
        assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) == {"/_nginx/page.css"}
        assert re.findall(r'<(html|section) lang="(\w+)"', page) == [("html", "en"), ("section", "fi")]


def test_the_schedule_stands_in_the_operators_manual() -> None:
    text = (DOCS / "operate.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(set(rows) & SCHEDULE.keys()) == sorted(SCHEDULE)


@pytest.mark.parametrize("name", ["deploy.md", "operate.md"])
def test_what_the_manuals_name_is_there(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    for path in re.findall(r"\b(deploy/[\w./-]*\w|docs/[\w./-]*\w|clouder/[\w/]+\.py)(?![\w*/-])", text):
        assert (settings.BASE_DIR / path).exists(), path
    known = {variable.name for variable in env.VARIABLES}
    assert set(re.findall(r"\bCLOUDER_\w+\b", text)) <= known
