"""Who may what: every address of the admin, for every role, by GET and by POST (ASVS 8.2, spec S24).

An address that is not in the table fails the test, so nobody can add one without deciding who may use it.
"""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from accounts.models import User
from candidates.models import Application, Position
from tests.factories import people
from tests.factories.browser import body_of

pytestmark = pytest.mark.django_db
ROLES = ("anonymous", "no role", "recruiter", "officer", "administrator")

EVERYBODY = "302 200 200 200 200"
NOBODY = "302 403 403 403 403"
CANDIDATES = "302 403 200 200 403"
ADMINISTRATOR = "302 403 403 403 200"

ANSWERS: dict[str, tuple[str, str]] = {
    # name: what GET answers each role, what an empty POST answers
    "index": (EVERYBODY, EVERYBODY),
    "login": ("200 302 302 302 302", "200 200 200 200 200"),
    "logout": ("405 405 405 405 405", "302 200 200 200 200"),
    "language": ("302 405 405 405 405", "302 302 302 302 302"),
    "password_change": (EVERYBODY, EVERYBODY),
    "password_change_done": (EVERYBODY, "302 405 405 405 405"),
    "jsi18n": (EVERYBODY, "302 405 405 405 405"),
    "autocomplete": (NOBODY, "302 405 405 405 405"),
    "view_on_site": ("302 404 404 404 404", "302 404 404 404 404"),
    "app_list": ("302 404 200 200 200", "302 404 200 200 200"),
    "candidates_candidate_changelist": (CANDIDATES, CANDIDATES),
    "candidates_candidate_add": (NOBODY, NOBODY),
    "candidates_candidate_change": (CANDIDATES, CANDIDATES),
    "candidates_candidate_delete": ("302 403 403 200 403", "302 403 403 302 403"),
    "candidates_candidate_history": ("302 403 302 302 403", "302 403 302 302 403"),
    "candidates_candidate_note": ("302 403 404 404 403", "302 403 422 422 403"),
    "candidates_candidate_interaction": ("302 403 404 404 403", "302 403 422 422 403"),
    "candidates_candidate_move": ("302 403 404 404 403", "302 403 302 302 403"),
    "candidates_candidate_file": (CANDIDATES, CANDIDATES),
    "candidates_application_changelist": (CANDIDATES, CANDIDATES),
    "candidates_application_add": (NOBODY, NOBODY),
    "candidates_application_change": ("302 403 302 302 403", "302 403 302 302 403"),
    "candidates_application_delete": (NOBODY, NOBODY),
    "candidates_application_history": ("302 403 302 302 403", "302 403 302 302 403"),
    "candidates_position_changelist": ("302 403 200 200 200", "302 403 200 200 200"),
    "candidates_position_add": ("302 403 200 403 200", "302 403 200 403 200"),
    "candidates_position_change": ("302 403 200 200 200", "302 403 200 403 200"),
    "candidates_position_delete": ("302 403 200 403 200", "302 403 200 403 200"),
    "candidates_position_history": ("302 403 200 200 200", "302 403 200 200 200"),
    "accounts_user_changelist": (ADMINISTRATOR, ADMINISTRATOR),
    "accounts_user_add": (ADMINISTRATOR, ADMINISTRATOR),
    "accounts_user_change": (ADMINISTRATOR, ADMINISTRATOR),
    "accounts_user_delete": (NOBODY, NOBODY),
    "accounts_user_history": (ADMINISTRATOR, ADMINISTRATOR),
    "auth_user_password_change": (ADMINISTRATOR, ADMINISTRATOR),
    "auth_group_changelist": (ADMINISTRATOR, ADMINISTRATOR),
    "auth_group_add": (NOBODY, NOBODY),
    "auth_group_change": (ADMINISTRATOR, NOBODY),
    "auth_group_delete": (NOBODY, NOBODY),
    "auth_group_history": (ADMINISTRATOR, ADMINISTRATOR),
}


@pytest.fixture(autouse=True)
def _now(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def application(at: datetime, position: Position) -> Application:
    return people.application(at, position)


@pytest.fixture
def clients(recruiter: User, officer: User, administrator: User) -> dict[str, Client]:
    plain = User.objects.create_user("ylva@example.org", people.PASSWORD)
    users = {"no role": plain, "recruiter": recruiter, "officer": officer, "administrator": administrator}
    found = {"anonymous": Client()}
    for role, user in users.items():
        found[role] = Client()
        found[role].force_login(user)
    return found


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


def addresses(application: Application, user: User) -> dict[str, str]:
    """An address of every name, with an object that exists."""
    candidate = application.candidate_id
    group = Group.objects.get(name="recruiter").pk
    document = application.candidate.documents.get().pk
    keys = {
        "candidates_candidate_move": [candidate, application.pk],
        "candidates_candidate_file": [candidate, document],
        "view_on_site": [1, 1],
        "app_list": ["candidates"],
        "auth_user_password_change": [user.pk],
    }
    for model, key in (
        ("candidates_candidate", candidate),
        ("candidates_application", application.pk),
        ("candidates_position", application.position_id),
        ("accounts_user", user.pk),
        ("auth_group", group),
    ):
        for act in ("change", "delete", "history", "note", "interaction"):
            keys.setdefault(f"{model}_{act}", [key])
    return {name: reverse(f"admin:{name}", args=keys.get(name)) for name in ANSWERS}


def test_every_address_of_the_admin_has_an_expected_answer_for_every_role(
    application: Application, clients: dict[str, Client], recruiter: User
) -> None:
    assert set(names(admin.site.get_urls())) == set(ANSWERS)
    found = {}
    for name, path in addresses(application, recruiter).items():
        if name == "logout":
            continue
        answers = []
        for method in ("get", "post"):
            statuses = []
            for client in clients.values():
                answer = getattr(client, method)(path)
                body_of(answer)
                statuses.append(str(answer.status_code))
                if method == "post" and name == "candidates_candidate_delete":
                    application.candidate.__class__.objects.update(erase_after=None, erasure_case="")
            answers.append(" ".join(statuses))
        found[name] = tuple(answers)
    assert found == {name: answers for name, answers in ANSWERS.items() if name != "logout"}


def test_a_redirect_of_somebody_who_is_not_signed_in_leads_to_the_login(
    application: Application, recruiter: User, client: Client
) -> None:
    for name, path in addresses(application, recruiter).items():
        answer = client.get(path)
        if answer.status_code == 302 and name != "logout":
            assert answer["Location"].startswith("/admin/login/"), name


def test_keys_of_others_and_of_nobody_lead_nowhere(
    application: Application, position: Position, clients: dict[str, Client], at: datetime
) -> None:
    other = people.application(at, position, email="eino@example.org")
    client = clients["recruiter"]
    swapped = reverse(
        "admin:candidates_candidate_file", args=[application.candidate_id, other.candidate.documents.get().pk]
    )
    assert client.get(swapped).status_code == 404
    moved = reverse("admin:candidates_candidate_move", args=[application.candidate_id, other.pk])
    client.post(moved, {f"move-{other.pk}-to_stage": "HIRED"})
    other.refresh_from_db()
    assert other.stage == "RECEIVED"
    for path in ("00000000-0000-0000-0000-000000000000", "1", "x' OR 1=1", "../../etc/passwd"):
        assert client.get(f"/admin/candidates/candidate/{path}/change/").status_code in {302, 404}
