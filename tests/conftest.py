"""Fixtures that every test may use."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from django.utils import translation

from accounts.enums import Role
from accounts.models import User
from candidates.models import Position
from clouder import quarantine
from tests.factories import people
from tests.parts.servers import chromium, clamd_server, redis_server, s3_buckets, s3_server
from tests.parts.smtp import smtp_server
from tests.parts.stores import break_store
from tests.parts.worker import file_broker, redis_broker, start_worker

__all__ = [
    "break_store",
    "chromium",
    "clamd_server",
    "file_broker",
    "redis_broker",
    "redis_server",
    "s3_buckets",
    "s3_server",
    "smtp_server",
    "start_worker",
]

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

_teardown = TransactionTestCase._fixture_teardown


def _fixture_teardown(self: TransactionTestCase) -> None:
    """Emptying the tables between tests would be refused by the triggers, as it should be anywhere else."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            _teardown(self)
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database; threads of a live server may hold sessions that would keep it from being dropped."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def at() -> datetime:
    """The instant at which the test takes place."""
    return AT


@pytest.fixture(autouse=True)
def _sound_ledger() -> None:
    """Each test begins as in a process to which the ledger has just said that the database is not a restored one.

    It is asked again by whoever wants to know, for another thread would not see the test's own transaction.
    """
    quarantine.watch.has_thread = False
    quarantine.watch.remember(quarantine.Answer.SOUND)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _first_language() -> Iterator[None]:
    """A request leaves its language behind, as a thread's; the next test begins like a new process."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _empty_stores() -> Iterator[None]:
    """Rows are taken back after each test, and objects must not outlive them: the ledger's numbers begin anew."""
    yield
    for alias in ("files", "ledger"):
        shutil.rmtree(Path(settings.TEST_FOLDER) / alias, ignore_errors=True)


@pytest.fixture
def recruiter(db: None) -> User:
    """A recruiter who is no superuser."""
    return people.user(Role.RECRUITER, "rea@example.org")


@pytest.fixture
def officer(db: None) -> User:
    """A privacy officer."""
    return people.user(Role.PRIVACY_OFFICER, "pia@example.org")


@pytest.fixture
def administrator(db: None) -> User:
    """An administrator of users and positions, who reads no candidate."""
    return people.user(Role.ADMINISTRATOR, "ada@example.org")


@pytest.fixture
def position(recruiter: User) -> Position:
    """An open position whose contact person is the recruiter."""
    return people.position(recruiter)
