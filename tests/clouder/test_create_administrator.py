"""The first administrator, by one command (ux.md O15)."""

import io
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from common.actors import ActorKind
from tests.factories import people

pytestmark = pytest.mark.django_db

EMAIL = "ada@example.org"


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_PASSWORD", people.PASSWORD)


def create(**options: Any) -> str:
    """Run the command; returns what it says."""
    output = io.StringIO()
    values: dict[str, Any] = {"email": EMAIL, "name": "Ada", "password_from": "FIRST_PASSWORD"}
    call_command("create_administrator", stdout=output, **{**values, **options})
    return output.getvalue()


def test_an_administrator_can_sign_in_and_reads_no_candidate(client: Client) -> None:
    assert create() == "ada@example.org can sign in as an administrator.\n"
    user = User.objects.get()
    assert (user.email, user.name, user.is_staff, user.is_active, user.is_superuser) == (
        EMAIL,
        "Ada",
        True,
        True,
        False,
    )
    assert [group.name for group in user.groups.all()] == [Role.ADMINISTRATOR]
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_kind, event.object_ref) == (Action.USER_CHANGED, ActorKind.SYSTEM, user.pk)

    assert client.post("/admin/login/", {"username": EMAIL, "password": people.PASSWORD}).status_code == 302
    assert client.get("/admin/accounts/user/add/").status_code == 200
    assert client.get("/admin/candidates/candidate/").status_code == 403


def test_an_administrator_gives_a_role_to_another(client: Client) -> None:
    create()
    client.force_login(User.objects.get())
    other = people.user(Role.ADMINISTRATOR, "rea@example.org")
    other.groups.clear()
    recruiter = Group.objects.get(name=Role.RECRUITER.value)
    data = {"email": other.email, "name": "Rea", "language": "en", "is_active": "on", "is_staff": "on"}
    answer = client.post(f"/admin/accounts/user/{other.pk}/change/", {**data, "groups": [recruiter.pk]})
    assert answer.status_code == 302
    assert list(other.groups.all()) == [recruiter]


def test_twice_changes_nothing() -> None:
    create()
    before = User.objects.values().get()
    said = create(email="Ada@Example.org", name="Somebody else", password_from="FIRST_PASSWORD")
    assert said == "Ada@Example.org is an administrator already; nothing was changed, the password is as it was.\n"
    assert User.objects.values().get() == before
    assert AuditEvent.objects.count() == 1


def test_somebody_with_an_account_gets_the_role_and_keeps_the_password() -> None:
    user = people.user(Role.RECRUITER, EMAIL, is_active=False)
    said = create(email=EMAIL, name="Other")
    assert said == "ada@example.org had an account, which is an administrator's now; the password is as it was.\n"
    user.refresh_from_db()
    assert (user.is_active, user.name, user.check_password(people.PASSWORD)) == (True, "Ada", True)
    assert {group.name for group in user.groups.all()} == {Role.RECRUITER, Role.ADMINISTRATOR}


@pytest.mark.parametrize(
    ("options", "password", "sentence", "code"),
    [
        ({"email": "ada"}, people.PASSWORD, "--email wants an address such as ada@example.org", 2),
        ({"email": "a b@example.org"}, people.PASSWORD, "Enter a valid email address.", 2),
        ({"name": "A" * 201}, people.PASSWORD, "at most 200 characters (it has 201).", 2),
        ({}, "short", "This password is too short. It must contain at least 12 characters.", 2),
        ({}, "1qaz2wsx3edc", "This password is too common.", 2),
        ({}, "ada@example.org", "The password is too similar to the email address.", 2),
        ({}, "", "there is no password in FIRST_PASSWORD", 2),
        ({"password_from": "NOTHING"}, "", "there is no password in NOTHING", 2),
        ({"password_from": "CLOUDER_PASSWORD"}, "", "a variable that begins with CLOUDER_ is a setting", 2),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], password: str, sentence: str, code: int
) -> None:
    monkeypatch.setenv("FIRST_PASSWORD", password)
    with pytest.raises(CommandError) as caught:
        create(**options)
    assert sentence in str(caught.value)
    assert caught.value.returncode == code
    assert not User.objects.exists()


def test_before_the_first_migrate(administrator: User) -> None:
    administrator.groups.clear()
    Group.objects.all().delete()
    with pytest.raises(CommandError) as caught:
        create()
    assert (str(caught.value), caught.value.returncode) == (
        "the roles are not there yet: run manage.py migrate first",
        1,
    )


def test_the_password_by_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{people.PASSWORD}\r\nmore\n"))
    create(password_from=None)
    assert User.objects.get().check_password(people.PASSWORD)


def test_the_password_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([people.PASSWORD, "another", people.PASSWORD, people.PASSWORD])
    monkeypatch.setattr("clouder.management.commands.create_administrator.getpass", lambda _: next(typed))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(CommandError, match="the two passwords are not the same"):
        create(password_from=None)
    create(password_from=None)
    assert User.objects.get().check_password(people.PASSWORD)


def test_the_password_is_no_argument() -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "create_administrator", "--email", EMAIL, "--password", people.PASSWORD],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
