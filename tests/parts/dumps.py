"""pg_dump and pg_restore of the version of the tests' server, and a second database beside the tests'."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from clouder.embedded import postgres
from clouder.embedded.processes import PartError
from tests.parts.worker import database_url

DEBIAN = Path("/usr/lib/postgresql")


def programs() -> Path:
    """The folder of the programs that fit the server; the test is skipped, or fails, where there is none."""
    major = str(connection.cursor().connection.info.server_version // 10_000)
    candidates = [DEBIAN / major / "bin"]
    with contextlib.suppress(PartError):
        candidates.insert(0, postgres.locate())
    for folder in candidates:
        program = folder / "pg_dump"
        if program.exists() and f" {major}." in _version(program):
            return folder
    reason = f"without pg_dump {major} (Debian: postgresql-client-{major}) this is not tested"
    if os.environ.get("REQUIRE_TEST_PARTS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _version(program: Path) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout


def dump(path: Path) -> None:
    """Write a backup of the tests' database."""
    _run("pg_dump", "--format=custom", f"--file={path}", database_url())


def restore(path: Path, url: str) -> None:
    """Read a backup into an empty database."""
    _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}", str(path))


def _run(name: str, *arguments: str) -> None:
    subprocess.run([programs() / name, *arguments], capture_output=True, check=True)


@pytest.fixture
def second_database(transactional_db: None) -> Iterator[str]:
    """An empty database on the same server; the fixture answers with its URL and drops it in the end."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with psycopg.connect(database_url(), autocommit=True) as link:
        link.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        link.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield _url(name)
        link.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _url(name: str) -> str:
    values: dict[str, Any] = connection.settings_dict
    user, password, host = (quote(values[part], safe="") for part in ("USER", "PASSWORD", "HOST"))
    return f"postgresql://{user}:{password}@{host}:{values['PORT']}/{name}"
