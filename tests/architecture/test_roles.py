"""Who may what: every address of the admin, for every role, by GET and by POST (ASVS 8.2, spec S24).

An address that is not in the table fails the test, so nobody can add one without deciding who may use it.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from accounts.models import User
from candidates.enums import (
    HeldKind,
    HoldGround,
    InteractionKind,
    MeansOfContact,
    RestrictionGround,
    SuppressionReason,
)
from candidates.models import Application, Position
from candidates.services.holds import open_hold, seal_items
from candidates.services.interactions import record_interaction
from candidates.services.interviews import plan_interview
from candidates.services.restrictions import restrict_candidate
from candidates.services.sourcing import record_assessment
from candidates.services.suppression import Identifiers, suppress
from common.actors import staff
from privacy.enums import CaseReason, CaseState, RequestChannel, StopReason, SubjectRequestKind
from privacy.models import BulkErasure, ErasureBatch, ErasureCase, RunStop
from privacy.services.requests import open_request
from tests.conftest import AT
from tests.factories import people
from tests.factories.browser import body_of

pytestmark = pytest.mark.django_db
ROLES = ("anonymous", "no role", "recruiter", "officer", "administrator")

EVERYBODY = "302 200 200 200 200"
NOBODY = "302 403 403 403 403"
CANDIDATES = "302 403 200 200 403"
OFFICER = "302 403 403 200 403"
OFFICERS_ACT = ("302 403 403 404 403", "302 403 403 302 403")
OFFICERS_FORM = ("302 403 403 404 403", "302 403 403 422 403")
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
    "candidates_candidate_invite": ("302 403 404 404 403", "302 403 302 302 403"),
    "candidates_candidate_interaction": ("302 403 404 404 403", "302 403 422 422 403"),
    "candidates_candidate_approach": (CANDIDATES, "302 403 422 422 403"),
    "candidates_candidate_outreach": ("302 403 404 404 403", "302 403 404 404 403"),
    "candidates_candidate_notice": ("302 403 404 404 403", "302 403 404 404 403"),
    "candidates_candidate_correct": ("302 403 200 200 403", "302 403 422 422 403"),
    "candidates_candidate_revoke": ("302 403 404 404 403", "302 403 422 422 403"),
    "candidates_candidate_interview": ("302 403 404 404 403", "302 403 422 422 403"),
    "candidates_candidate_interview_act": ("302 403 404 404 403", "302 403 302 302 403"),
    "candidates_candidate_move": ("302 403 404 404 403", "302 403 302 302 403"),
    "candidates_candidate_file": (CANDIDATES, CANDIDATES),
    "candidates_candidate_read": (CANDIDATES, CANDIDATES),
    "candidates_candidate_picture": ("302 403 404 404 403", "302 403 404 404 403"),
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
    "candidates_sourcingassessment_changelist": (OFFICER, OFFICER),
    "candidates_sourcingassessment_add": (OFFICER, "302 403 403 422 403"),
    "candidates_sourcingassessment_change": (OFFICER, OFFICER),
    "candidates_sourcingassessment_delete": (NOBODY, NOBODY),
    "candidates_sourcingassessment_history": ("302 403 403 302 403", "302 403 403 302 403"),
    "candidates_sourcingassessment_end": ("302 403 403 404 403", "302 403 403 302 403"),
    "candidates_suppression_changelist": (OFFICER, OFFICER),
    "candidates_suppression_add": (NOBODY, NOBODY),
    "candidates_suppression_change": (OFFICER, OFFICER),
    "candidates_suppression_delete": (NOBODY, NOBODY),
    "candidates_suppression_history": ("302 403 403 302 403", "302 403 403 302 403"),
    "candidates_suppression_review": ("302 403 403 404 403", "302 403 403 302 403"),
    "privacy_runstop_changelist": (OFFICER, OFFICER),
    "privacy_runstop_add": (NOBODY, NOBODY),
    "privacy_runstop_change": (OFFICER, OFFICER),
    "privacy_runstop_delete": (NOBODY, NOBODY),
    "privacy_runstop_history": ("302 403 403 302 403", "302 403 403 302 403"),
    "privacy_runstop_approve": ("302 403 403 404 403", "302 403 403 422 403"),
    "privacy_runstop_object": ("302 403 403 404 403", "302 403 403 302 403"),
    "privacy_horizon": (OFFICER, "302 403 403 404 403"),
    "candidates_restriction_changelist": (OFFICER, OFFICER),
    "candidates_restriction_add": (NOBODY, NOBODY),
    "candidates_restriction_change": ("302 403 403 302 403", "302 403 403 302 403"),
    "candidates_restriction_delete": (NOBODY, NOBODY),
    "candidates_restriction_history": ("302 403 403 302 403", "302 403 403 302 403"),
    **{f"candidates_restriction_{act}": OFFICERS_ACT for act in ("tell", "told", "review", "lift")},
    "candidates_hold_changelist": (OFFICER, OFFICER),
    "candidates_hold_add": (NOBODY, NOBODY),
    "candidates_hold_change": (OFFICER, OFFICER),
    "candidates_hold_delete": (NOBODY, NOBODY),
    "candidates_hold_history": ("302 403 403 302 403", "302 403 403 302 403"),
    "candidates_hold_item": (OFFICER, OFFICER),
    "candidates_hold_file": (OFFICER, OFFICER),
    **{f"candidates_hold_{act}": OFFICERS_ACT for act in ("review", "release")},
    "privacy_person": (OFFICER, OFFICER),
    "privacy_restrict": OFFICERS_FORM,
    "privacy_hold": OFFICERS_FORM,
    "privacy_subjectrequest_changelist": (OFFICER, OFFICER),
    "privacy_subjectrequest_add": (OFFICER, "302 403 403 422 403"),
    "privacy_subjectrequest_change": (OFFICER, OFFICER),
    "privacy_subjectrequest_delete": (NOBODY, NOBODY),
    "privacy_subjectrequest_history": ("302 403 403 302 403", "302 403 403 302 403"),
    "privacy_subjectrequest_identify": OFFICERS_ACT,
    **{f"privacy_subjectrequest_{act}": OFFICERS_FORM for act in ("extend", "close", "decide")},
    "privacy_erasurebatch_changelist": (OFFICER, OFFICER),
    "privacy_erasurebatch_add": (NOBODY, NOBODY),
    "privacy_erasurebatch_change": (OFFICER, OFFICER),
    "privacy_erasurebatch_delete": (NOBODY, NOBODY),
    "privacy_erasurebatch_history": ("302 403 403 302 403", "302 403 403 302 403"),
    "privacy_erasurebatch_purged": OFFICERS_ACT,
    "privacy_erasurecase_changelist": (OFFICER, OFFICER),
    "privacy_erasurecase_add": (NOBODY, NOBODY),
    "privacy_erasurecase_change": (OFFICER, OFFICER),
    "privacy_erasurecase_delete": (NOBODY, NOBODY),
    "privacy_erasurecase_history": ("302 403 403 302 403", "302 403 403 302 403"),
    "privacy_bulkerasure_changelist": (OFFICER, OFFICER),
    "privacy_bulkerasure_add": (NOBODY, NOBODY),
    "privacy_bulkerasure_change": (OFFICER, OFFICER),
    "privacy_bulkerasure_delete": (NOBODY, NOBODY),
    "privacy_bulkerasure_history": ("302 403 403 302 403", "302 403 403 302 403"),
    "privacy_bulkerasure_ask": OFFICERS_ACT,
    "privacy_bulkerasure_decide": OFFICERS_ACT,
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


ACTS = (
    "change", "delete", "history", "outreach", "notice", "end", "review", "approve", "object",
    "tell", "told", "lift", "release", "identify", "extend", "close", "decide",
)  # fmt: skip


def made_by_the_officer(user: User) -> list[tuple[str, UUID]]:
    """An assessment of sourcing and a suppression."""
    assessment = record_assessment(document_ref="LEGAL-1", valid_until=date(2027, 11, 24), actor=staff(user.pk), at=AT)
    (suppression,) = suppress(
        Identifiers(["otto@example.org"]), reason=SuppressionReason.REQUEST, actor=staff(user.pk), at=AT
    )
    return [("candidates_sourcingassessment", assessment.pk), ("candidates_suppression", suppression.pk)]


def stopped_run() -> UUID:
    """A run that the circuit breaker stopped."""
    stop = RunStop.objects.create(reason=StopReason.LARGE, raised_at=AT, due=60, usual=0, goes_on_at=AT)
    return stop.pk


def contacts(application: Application, user: User) -> dict[str, list[Any]]:
    """A call that took place and an interview that is planned, as addresses name them."""
    candidate, actor = application.candidate_id, staff(user.pk)
    call = record_interaction(candidate, kind=InteractionKind.CALL, occurred_at=AT, text="", actor=actor, at=AT)
    interview = plan_interview(candidate, starts_at=AT, means=MeansOfContact.VIDEO, actor=actor, at=AT)
    return {
        "candidates_candidate_correct": [candidate, call.pk],
        "candidates_candidate_revoke": [candidate, call.pk],
        "candidates_candidate_interview": [candidate],
        "candidates_candidate_interview_act": [candidate, interview.pk, "cancel"],
    }


def on_the_desk(user: User) -> dict[str, list[Any]]:
    """A restricted person with a request and something in the vault, and an erasure of several that waits."""
    sent, actor = people.application(AT, None, email="olga@example.org"), staff(user.pk)
    person = sent.candidate.person_ref
    hold = open_hold(
        person, subject_ref=sent.candidate_id, case_ref="HR 1", ground=HoldGround.OTHER_CLAIM, owner=user,
        items=[(HeldKind.DOCUMENT, sent.candidate.documents.get().pk)], actor=actor, at=AT,
    )  # fmt: skip
    seal_items([sent.candidate_id], at=AT)
    request = open_request(
        SubjectRequestKind.ACCESS, channel=RequestChannel.MAIL, received_at=AT, person_ref=person, actor=actor, at=AT
    )
    restriction = restrict_candidate(person, ground=RestrictionGround.CLAIM, actor=actor, at=AT)
    bulk = BulkErasure.objects.create(person_refs=[person], asked_at=AT, asked_by=user)
    batch = ErasureBatch.objects.create(
        candidate_refs=[sent.candidate_id], claimed_at=AT, lease_until=AT, has_mailbox=True, mailbox_waits_since=AT
    )
    case = ErasureCase.objects.create(
        candidate_ref=sent.candidate_id, state=CaseState.REQUESTED, reason=CaseReason.REQUEST, number="E-1",
        batch_ref=batch.pk, opened_at=AT,
    )  # fmt: skip
    found = {
        "candidates_restriction": [restriction.pk],
        "candidates_hold": [hold.pk],
        "privacy_subjectrequest": [request.pk],
        "privacy_bulkerasure": [bulk.pk],
        "privacy_erasurebatch": [batch.pk],
        "privacy_erasurecase": [case.pk],
    }
    item = [hold.pk, hold.items.get().pk]
    return {
        **{name: [person] for name in ("privacy_person", "privacy_restrict", "privacy_hold")},
        **{f"{model}_{act}": key for model, key in found.items() for act in ACTS},
        "privacy_erasurebatch_purged": [batch.pk],
        "candidates_hold_item": item,
        "candidates_hold_file": item,
    }


def addresses(application: Application, user: User) -> dict[str, str]:
    """An address of every name, with an object that exists."""
    candidate = application.candidate_id
    group = Group.objects.get(name="recruiter").pk
    document = application.candidate.documents.get().pk
    keys: dict[str, list[Any]] = {
        "candidates_candidate_move": [candidate, application.pk],
        "candidates_candidate_file": [candidate, document],
        "candidates_candidate_read": [candidate, document],
        "candidates_candidate_picture": [candidate, document, 1],
        "view_on_site": [1, 1],
        "app_list": ["candidates"],
        "auth_user_password_change": [user.pk],
        **contacts(application, user),
        **on_the_desk(user),
    }
    for model, key in (
        ("candidates_candidate", candidate),
        ("candidates_application", application.pk),
        ("candidates_position", application.position_id),
        ("accounts_user", user.pk),
        ("auth_group", group),
        *made_by_the_officer(user),
        ("privacy_runstop", stopped_run()),
    ):
        for act in (*ACTS, "note", "invite", "interaction"):
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
