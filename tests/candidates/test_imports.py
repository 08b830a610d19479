"""People from another system (E14): original times, no later date for whom we know, nobody back who objected."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from audit.enums import Action
from audit.models import AuditEvent
from candidates.enums import (
    Direction,
    InteractionKind,
    LinkKind,
    MeansOfContact,
    Origin,
    RestrictionGround,
    SourceKind,
    SuppressionReason,
)
from candidates.models import Candidate, Interaction, ProfileLink, Restriction
from candidates.selectors.clock import explain, facts_of
from candidates.services.clock import recompute_clock
from candidates.services.erasure import request_erasure
from candidates.services.imports import Imported, import_candidate
from candidates.services.interactions import record_interaction
from candidates.services.sourcing import record_assessment
from candidates.services.suppression import Identifiers, suppress
from common.actors import SYSTEM, staff
from common.errors import Refused
from policy.contact import EventKind, Why
from tests.factories import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
GITHUB = "https://github.com/aino-esimerkki"


@pytest.fixture
def aino(at: datetime) -> Imported:
    return Imported(
        name="Aino Esimerkki",
        source_ref="Old system",
        collected_at=at - 400 * DAY,
        last_contact_at=at - 300 * DAY,
        language="fi",
        email="Aino@example.org",
        phone="040 123 4567",
        skills="Python",
        interests="On-call",
        links=[(LinkKind.GITHUB, GITHUB)],
        means=MeansOfContact.PHONE,
        direction=Direction.OUT,
    )


def take_over(person: Imported, recruiter: User, at: datetime, **changes: Any) -> Candidate:
    return import_candidate(replace(person, **changes), actor=staff(recruiter.pk), at=at)


def test_a_new_person_is_kept_from_the_last_contact_that_the_import_names(
    aino: Imported, recruiter: User, at: datetime
) -> None:
    made = take_over(aino, recruiter, at)
    made.refresh_from_db()
    assert (made.name, made.email, made.address, made.phone_e164, made.language, made.skills, made.interests) == (
        "Aino Esimerkki", "Aino@example.org", "aino@example.org", "+358401234567", "fi", "Python", "On-call",
    )  # fmt: skip
    assert (made.origin, made.source_kind, made.source_ref, made.collected_by) == (
        Origin.APPLIED,
        SourceKind.IMPORT,
        "Old system",
        recruiter,
    )
    assert (made.collected_at, made.address_confirmed_at) == (at - 400 * DAY, None)
    anchor = Interaction.objects.get()
    assert (anchor.kind, anchor.occurred_at, anchor.recorded_at, anchor.means, anchor.direction) == (
        InteractionKind.IMPORTED_CONTACT,
        at - 300 * DAY,
        at,
        MeansOfContact.PHONE,
        Direction.OUT,
    )
    assert (made.last_contact_at, made.last_contact_ref) == (at - 300 * DAY, anchor.pk)
    assert made.due_on == date(2028, 1, 28)
    assert ProfileLink.objects.get().url == GITHUB
    event = AuditEvent.objects.get(action=Action.CANDIDATE_IMPORTED)
    assert (event.subject_ref, event.actor_ref, event.details) == (made.pk, recruiter.pk, {"is_known": False})
    assert facts_of([made])[made.person_ref].clock.expires_at == made.expires_at
    assert recompute_clock(made.person_ref).expires_at == made.expires_at


def test_without_a_contact_the_original_day_of_collection_stands_in(
    aino: Imported, recruiter: User, at: datetime
) -> None:
    made = take_over(aino, recruiter, at, last_contact_at=None)
    assert (made.last_contact_at, made.last_contact_ref, Interaction.objects.count()) == (at - 400 * DAY, None, 0)
    assert recompute_clock(made.person_ref).expires_at == made.expires_at


def test_importing_moves_the_date_of_nobody_who_is_known(aino: Imported, recruiter: User, at: datetime) -> None:
    known = people.application(at - 350 * DAY, None).candidate
    before = known.expires_at
    found = take_over(aino, recruiter, at)
    assert (found.pk, Candidate.objects.count()) == (known.pk, 1)
    later = Interaction.objects.get(kind=InteractionKind.IMPORTED_LATER)
    assert (later.occurred_at, later.candidate_id) == (at - 300 * DAY, known.pk)
    known.refresh_from_db()
    assert (known.last_contact_at, known.expires_at, known.name, known.origin) == (
        at - 350 * DAY,
        before,
        "Aino Esimerkki",
        Origin.APPLIED,
    )
    why = {event.kind: event.why for event in explain(known.person_ref, as_of=at).events}
    assert why[EventKind.IMPORTED_LATER] is Why.KIND
    event = AuditEvent.objects.get(action=Action.CANDIDATE_IMPORTED)
    assert event.details == {"is_known": True}


@pytest.mark.parametrize("contact_day", [300, 1])
def test_a_second_run_finds_whom_the_first_one_took_over(
    aino: Imported, recruiter: User, at: datetime, contact_day: int
) -> None:
    made = take_over(aino, recruiter, at)
    before = made.expires_at
    again = take_over(aino, recruiter, at + DAY, last_contact_at=at - contact_day * DAY)
    assert (again.pk, Candidate.objects.count()) == (made.pk, 1)
    assert Interaction.objects.count() == (1 if contact_day == 300 else 2)
    again.refresh_from_db()
    assert again.expires_at == before


def test_another_system_and_an_address_that_nobody_confirmed_make_nobody_known(
    aino: Imported, recruiter: User, at: datetime
) -> None:
    people.application(at - 350 * DAY, None, is_confirmed=False)
    take_over(aino, recruiter, at)
    take_over(aino, recruiter, at, source_ref="An even older system")
    assert Candidate.objects.count() == 3
    assert Candidate.objects.values("person_ref").distinct().count() == 3


def test_a_contact_after_the_import_counts(aino: Imported, recruiter: User, at: datetime) -> None:
    made = take_over(aino, recruiter, at)
    record_interaction(made.pk, kind=InteractionKind.CALL, occurred_at=at, text="", actor=staff(recruiter.pk), at=at)
    made.refresh_from_db()
    assert made.last_contact_at == at


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"collected_at": timedelta(seconds=1)}, "future"),
        ({"last_contact_at": timedelta(seconds=1)}, "future"),
        ({"noticed_at": timedelta(seconds=1)}, "future"),
        ({"last_contact_at": timedelta(days=-401)}, "before"),
        ({"noticed_at": timedelta(days=-401)}, "before"),
        ({"source_ref": " "}, "source"),
    ],
)
def test_an_import_that_cannot_be_is_refused(
    aino: Imported, recruiter: User, at: datetime, changes: dict[str, Any], code: str
) -> None:
    moments = {name: at + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with pytest.raises(Refused) as refused:
        take_over(aino, recruiter, at, **moments)
    assert refused.value.code == code
    assert (Candidate.objects.count(), AuditEvent.objects.count()) == (0, 0)


def test_an_address_that_is_none_is_an_error(aino: Imported, recruiter: User, at: datetime) -> None:
    with pytest.raises(ValueError, match="address"):
        take_over(aino, recruiter, at, email="nobody")


def test_nobody_is_born_expired(aino: Imported, recruiter: User, at: datetime) -> None:
    last = datetime.fromisoformat("2024-11-24T08:00:00+00:00")  # its two years end in the night after the 24th
    made = take_over(aino, recruiter, at, collected_at=last, last_contact_at=last)
    assert Candidate.objects.visible(at).get() == made
    with pytest.raises(Refused) as refused:
        take_over(aino, recruiter, made.expires_at, collected_at=last, last_contact_at=last, email="e@example.org")
    assert refused.value.code == "expired"
    assert Candidate.objects.count() == 1


def allow_sourcing(officer: User, at: datetime) -> None:
    record_assessment(document_ref="LEGAL-1", valid_until=at.date() + 365 * DAY, actor=staff(officer.pk), at=at)


@pytest.mark.parametrize("origin", [Origin.SOURCED, Origin.REFERRED])
def test_nobody_whom_another_system_approached_comes_in_while_nobody_may_be_approached(
    aino: Imported, recruiter: User, officer: User, at: datetime, origin: Origin
) -> None:
    sourced = replace(aino, origin=origin, source_reason="Writes about queues.", noticed_at=at - 390 * DAY)
    with pytest.raises(Refused) as refused:
        take_over(sourced, recruiter, at)
    assert (refused.value.code, Candidate.objects.count()) == ("off", 0)
    allow_sourcing(officer, at)
    with pytest.raises(Refused) as refused:
        take_over(sourced, recruiter, at, source_reason=" ")
    assert refused.value.code == "reason"
    assert take_over(sourced, recruiter, at).origin == origin


def test_who_was_approached_at_an_address_is_known_by_it(
    aino: Imported, recruiter: User, officer: User, at: datetime
) -> None:
    allow_sourcing(officer, at)
    sourced = replace(aino, origin=Origin.SOURCED, source_reason="Writes about queues.", noticed_at=at - 390 * DAY)
    made = take_over(sourced, recruiter, at, source_ref="The first system")
    assert take_over(aino, recruiter, at, source_ref="The second system").pk == made.pk


def test_a_record_that_is_kept_is_preferred_to_one_that_is_expired(
    aino: Imported, recruiter: User, at: datetime
) -> None:
    old = people.application(at - 740 * DAY, None).candidate
    assert Candidate.objects.visible(at).filter(pk=old.pk).count() == 0
    with pytest.raises(Refused):
        take_over(aino, recruiter, at)
    live = people.application(at - DAY, None).candidate
    assert live.person_ref != old.person_ref
    assert take_over(aino, recruiter, at).pk == live.pk


def test_who_was_approached_and_not_told_in_time_is_refused(
    aino: Imported, recruiter: User, officer: User, at: datetime
) -> None:
    allow_sourcing(officer, at)
    sourced = replace(aino, origin=Origin.SOURCED, source_reason="Writes about queues.")
    with pytest.raises(Refused) as refused:
        take_over(sourced, recruiter, at)
    assert refused.value.code == "expired"
    told = take_over(sourced, recruiter, at, noticed_at=at - 390 * DAY)
    assert (told.noticed_at, told.origin, told.source_reason) == (
        at - 390 * DAY,
        Origin.SOURCED,
        "Writes about queues.",
    )
    assert told.last_contact_at == at - 300 * DAY
    assert recompute_clock(told.person_ref).expires_at == told.expires_at


@pytest.mark.parametrize(
    "identifiers",
    [
        Identifiers(["aino+jobs@example.org"]),
        Identifiers(phones=["+358401234567"]),
        Identifiers(profiles=["https://www.github.com/Aino-Esimerkki/"]),
    ],
)
def test_who_is_not_to_be_collected_again_is_not_imported(
    aino: Imported, recruiter: User, at: datetime, identifiers: Identifiers
) -> None:
    suppress(identifiers, reason=SuppressionReason.OBJECTION, actor=SYSTEM, at=at)
    with pytest.raises(Refused) as refused:
        take_over(aino, recruiter, at)
    assert (refused.value.code, str(refused.value)) == ("not_imported", "This person cannot be imported.")
    assert Candidate.objects.count() == 0


@pytest.mark.parametrize("state", ["restricted", "erasure asked for", "expired"])
def test_a_record_that_may_not_be_used_is_left_alone_and_the_words_tell_nothing(
    aino: Imported, recruiter: User, at: datetime, state: str
) -> None:
    known = people.application(at - 350 * DAY, None).candidate
    moment = at
    if state == "restricted":
        Restriction.objects.create(candidate=known, ground=RestrictionGround.CLAIM, opened_at=at, review_on=at.date())
        recompute_clock(known.person_ref)
    elif state == "erasure asked for":
        request_erasure(known.person_ref, actor=SYSTEM, at=at)
    else:
        known.refresh_from_db()
        moment = known.expires_at
    with pytest.raises(Refused) as refused:
        take_over(aino, recruiter, moment, last_contact_at=moment - DAY)
    assert (refused.value.code, str(refused.value)) == ("not_imported", "This person cannot be imported.")
    assert (Candidate.objects.count(), Interaction.objects.count()) == (1, 1)


def test_an_import_by_the_portal_itself_names_no_colleague(aino: Imported, at: datetime) -> None:
    made = import_candidate(aino, actor=SYSTEM, at=at)
    assert (made.collected_by, Interaction.objects.get().recorded_by) == (None, None)


def test_somebody_without_an_address_is_imported_and_never_known_again(
    aino: Imported, recruiter: User, at: datetime
) -> None:
    for _ in range(2):
        made = take_over(aino, recruiter, at, email="")
        assert (made.email, made.address) == ("", "")
    assert Candidate.objects.count() == 2
