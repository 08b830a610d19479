"""Signing in to the admin: who may, how often one may guess, and when it ends."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.enums import Role
from accounts.models import User
from tests.factories import people

pytestmark = pytest.mark.django_db

REA = "rea@example.org"
WORK = "/admin/"


def sign_in(client: Client, email: str = REA, password: str = people.PASSWORD, *, address: str = "192.0.2.7") -> int:
    """The status of the answer to the form: 302 for a way in."""
    data = {"username": email, "password": password}
    return client.post(reverse("admin:login"), data, REMOTE_ADDR=address).status_code


def is_signed_in(client: Client) -> bool:
    return client.get(WORK, REMOTE_ADDR="192.0.2.7").status_code == 200


@pytest.fixture
def wait(settings: Settings, tmp_path: Path) -> Any:
    """Lets time pass for the portal."""
    settings.CLOCK_FILE = tmp_path / "clock"
    passed = [timedelta()]

    def pass_by(time: timedelta) -> None:
        passed[0] += time
        settings.CLOCK_FILE.write_text(str(passed[0].total_seconds()))

    return pass_by


# Who may


def test_a_recruiter_signs_in_and_out(client: Client, recruiter: User) -> None:
    assert is_signed_in(client) is False
    assert (sign_in(client), is_signed_in(client)) == (302, True)
    assert client.session["_auth_user_id"] == str(recruiter.pk)
    client.post(reverse("admin:logout"))
    assert (is_signed_in(client), Session.objects.count()) == (False, 0)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (REA, "wrong"),
        (REA, ""),
        (REA, people.PASSWORD.upper()),
        ("re@example.org", people.PASSWORD),
        ("rea@example.com", people.PASSWORD),
        ("rea+1@example.org", people.PASSWORD),
        ("rea", people.PASSWORD),
        ("", people.PASSWORD),
        ("\x00", people.PASSWORD),
    ],
)
def test_nobody_else_does(client: Client, recruiter: User, email: str, password: str) -> None:
    assert (sign_in(client, email, password), is_signed_in(client)) == (200, False)


@pytest.mark.parametrize("email", ["REA@Example.ORG", " rea@example.org "])
def test_the_spelling_of_an_address_does_not_matter(client: Client, recruiter: User, email: str) -> None:
    assert (sign_in(client, email), is_signed_in(client)) == (302, True)


@pytest.mark.parametrize("fields", [{"is_active": False}, {"is_staff": False}])
def test_a_user_who_may_not_gets_no_session(client: Client, fields: dict[str, bool]) -> None:
    people.user(Role.RECRUITER, REA, **fields)
    assert (sign_in(client), is_signed_in(client), Session.objects.count()) == (200, False, 0)


def test_an_address_is_one_user(recruiter: User) -> None:
    assert User.objects.get_by_natural_key("REA@example.ORG") == recruiter
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key("not an address")
    with pytest.raises(ValueError, match="not an e-mail address"):
        User.objects.create_user("not an address", people.PASSWORD)
    assert User.objects.create_user(" New@Example.org", people.PASSWORD).email == "new@example.org"


def test_disabling_a_user_ends_the_session_at_once(client: Client, recruiter: User) -> None:
    sign_in(client)
    assert is_signed_in(client) is True
    User.objects.filter(pk=recruiter.pk).update(is_active=False)
    assert is_signed_in(client) is False


def test_a_new_password_ends_the_session_at_once(client: Client, recruiter: User) -> None:
    sign_in(client)
    assert is_signed_in(client) is True
    recruiter.set_password("another horse battery")
    recruiter.save()
    assert is_signed_in(client) is False


# How long


@pytest.mark.parametrize(("idle", "is_in"), [(timedelta(seconds=3_590), True), (timedelta(hours=1), False)])
def test_an_hour_without_a_request_ends_it(
    client: Client, recruiter: User, wait: Any, idle: timedelta, is_in: bool
) -> None:
    sign_in(client)
    assert is_signed_in(client) is True
    wait(idle)
    assert is_signed_in(client) is is_in
    wait(-idle)
    assert is_signed_in(client) is is_in


@pytest.mark.parametrize(("rest", "is_in"), [(timedelta(seconds=3_590), True), (timedelta(hours=1), False)])
def test_twelve_hours_end_it_whatever_is_done(
    client: Client, recruiter: User, wait: Any, rest: timedelta, is_in: bool
) -> None:
    sign_in(client)
    for _ in range(12):
        assert is_signed_in(client) is True
        wait(timedelta(minutes=55))
    assert is_signed_in(client) is True
    wait(rest)
    assert is_signed_in(client) is is_in


# How often


def test_five_failures_lock_the_account_for_that_network_and_no_other(client: Client, recruiter: User) -> None:
    people.user(Role.RECRUITER, "ora@example.org")
    assert [sign_in(client, password="wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
    assert sign_in(client) == 429
    assert sign_in(client, address="192.0.2.250") == 429
    assert sign_in(Client(), address="192.0.3.7") == 302
    assert sign_in(Client(), "ora@example.org") == 302


@pytest.mark.parametrize("guess", ["REA@example.org", "rea@EXAMPLE.org", " rea@example.org", "Rea@example.org "])
def test_another_spelling_is_no_further_guess(client: Client, recruiter: User, guess: str) -> None:
    assert [sign_in(client, password="wrong") for _ in range(4)] == [200] * 4
    assert sign_in(client, guess, "wrong") == 429
    assert [sign_in(client), sign_in(client, guess)] == [429, 429]


def test_a_sixth_version_network_is_48_bits(client: Client, recruiter: User) -> None:
    for number in range(5):
        sign_in(client, password="wrong", address=f"2001:db8:7:{number}::1")
    assert sign_in(client, address="2001:db8:7:ffff::1") == 429
    assert sign_in(Client(), address="2001:db8:8::1") == 302


def test_after_a_quarter_of_an_hour_one_may_try_again(client: Client, recruiter: User) -> None:
    with time_machine.travel(datetime.fromisoformat("2026-11-24T09:00:00+00:00"), tick=False) as now:
        for _ in range(5):
            sign_in(client, password="wrong")
        now.shift(timedelta(minutes=15) - timedelta(seconds=1))
        assert sign_in(Client(), "REA@example.org", people.PASSWORD) == 429
        now.shift(timedelta(minutes=15))
        assert sign_in(client) == 302


def test_a_way_in_forgets_the_failures(client: Client, recruiter: User) -> None:
    for _ in range(2):
        assert [sign_in(client, password="wrong") for _ in range(4)] == [200] * 4
        assert sign_in(client, "Rea@example.org") == 302


def test_no_name_and_no_address_of_a_guess_is_kept(client: Client, recruiter: User) -> None:
    from axes.models import AccessAttempt, AccessFailureLog, AccessLog

    sign_in(client, "kanarialintu@example.org", "wrong")
    sign_in(client)
    assert [model.objects.count() for model in (AccessAttempt, AccessFailureLog, AccessLog)] == [0, 0, 0]


def test_a_user_is_shown_by_key_only(recruiter: User) -> None:
    assert isinstance(recruiter.pk, UUID)
    assert (str(recruiter), recruiter.get_full_name()) == (f"User {str(recruiter.pk)[:8]}", "Rea")
