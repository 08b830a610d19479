"""Random histories: the rule, the stored columns, what is shown and the worker agree (property tests).

An oracle of a few lines says, by other means than ``policy``, until when somebody is kept. Nobody is erased before
that, nobody is shown after it, whatever happens in which order.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from candidates.enums import Channel, InteractionKind, RestrictionGround, RevocationReason
from candidates.models import Candidate, Interaction
from candidates.selectors.clock import explain, facts_of
from candidates.services.clock import columns_of
from candidates.services.consents import give_consent, withdraw_consent
from candidates.services.corrections import revoke_interaction
from candidates.services.erasure import request_erasure, take_back_erasure
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from candidates.services.restrictions import lift_restriction, record_told, restrict_candidate
from common.actors import candidate as own
from common.actors import staff
from common.errors import Refused
from privacy.enums import Decision, RequestChannel, SubjectRequestKind
from privacy.models import ErasureBatch, RetentionRun, RunStop, SubjectRequest
from privacy.services import erasure
from privacy.services.mailboxes import confirm_mailbox_purge
from privacy.services.requests import close_request, open_request
from tests.factories import people

pytestmark = pytest.mark.django_db

HELSINKI = ZoneInfo("Europe/Helsinki")
BEGIN = datetime(2026, 1, 10, 12, tzinfo=UTC)
FAR = date(9000, 1, 1)


@dataclass
class Person:
    """What the oracle knows of one person."""

    ref: Any
    record: Any
    officer: User
    now: datetime
    contacts: dict[Any, datetime]
    consents: list[date] = field(default_factory=list)
    restrictions: dict[str, tuple[Any, datetime | None]] = field(default_factory=dict)
    asked_at: datetime | None = None
    access_until: date | None = None
    is_gone: bool = False

    @property
    def base(self) -> date:
        """The last day of the base period: the same day two years on."""
        day = max(self.contacts.values()).astimezone(HELSINKI).date()
        return _later(day, 24)

    @property
    def end(self) -> date:
        """The last day on which anything is kept."""
        return max([self.base, *self.consents])

    @property
    def expires_at(self) -> datetime:
        """The midnight after it."""
        return _midnight(self.end + timedelta(days=1))

    @property
    def is_expired(self) -> bool:
        """Whether the time is over."""
        return self.now >= self.expires_at

    @property
    def is_visible(self) -> bool:
        """Whether a recruiter may see the person."""
        return not (self.is_gone or self.is_expired or self.restrictions or self.asked_at)

    @property
    def may_go(self) -> bool:
        """Whether the worker may destroy now."""
        if self.asked_at and self.now >= self.asked_at + timedelta(hours=24):
            return True
        return self.is_expired and not self._waits()

    def _waits(self) -> bool:
        if self.access_until and self.now.astimezone(HELSINKI).date() <= self.access_until:
            return True
        for ground, (_, told_at) in self.restrictions.items():
            if ground in {"UNLAWFUL", "CLAIM"}:
                return True
            until = self.expires_at + timedelta(days=30)
            if told_at:
                until = min(until, max(self.expires_at, told_at + timedelta(days=14)))
            if self.now < until:
                return True
        return False


def _later(day: date, months: int) -> date:
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HELSINKI).astimezone(UTC)


# What can happen. Each returns after changing both the portal and the oracle, or neither.


def contact(person: Person, kind: str, lag: int) -> None:
    when = person.now - timedelta(hours=lag)
    made = record_interaction(
        person.record, kind=InteractionKind(kind), occurred_at=when, text="", actor=staff(person.officer.pk),
        at=person.now,
    )  # fmt: skip
    if kind not in {"THIRD_PARTY", "OTHER_ROLE"}:
        person.contacts[made.pk] = when


def revoke(person: Person, *_: Any) -> None:
    newest = Interaction.objects.filter(candidate=person.record, kind="CALL", revoked_at=None).order_by("-occurred_at")
    call = newest.first()
    if call is None:
        return
    revoke_interaction(
        call.pk, candidate_id=person.record, reason=RevocationReason.CORRECTED, actor=staff(person.officer.pk),
        at=person.now,
    )  # fmt: skip
    del person.contacts[call.pk]


def note(person: Person, *_: Any) -> None:
    add_note(person.record, text="A note", actor=staff(person.officer.pk), at=person.now)


def agree(person: Person, *_: Any) -> None:
    given = give_consent(person.record, language="en", channel=Channel.MY_DATA, actor=own(person.ref), at=person.now)
    today = person.now.astimezone(HELSINKI).date()
    assert given.ends_on == min(_later(person.base, 24), _later(today, 48))
    person.consents.append(given.ends_on)


def withdraw(person: Person, *_: Any) -> None:
    if withdraw_consent(person.ref, actor=own(person.ref), at=person.now):
        person.consents = [end for end in person.consents if end < person.now.astimezone(HELSINKI).date()]


def restrict(person: Person, ground: str, *_: Any) -> None:
    made = restrict_candidate(
        person.ref, ground=RestrictionGround(ground), actor=staff(person.officer.pk), at=person.now
    )
    person.restrictions.setdefault(ground, (made.pk, None))


def tell(person: Person, *_: Any) -> None:
    for ground, (pk, told_at) in list(person.restrictions.items()):
        if told_at is None:
            record_told(pk, actor=staff(person.officer.pk), at=person.now)
            person.restrictions[ground] = (pk, person.now)


def lift(person: Person, *_: Any) -> None:
    for ground, (pk, _told_at) in list(person.restrictions.items()):
        lift_restriction(pk, actor=staff(person.officer.pk), at=person.now)
        del person.restrictions[ground]


def ask(person: Person, *_: Any) -> None:
    if request_erasure(person.ref, actor=own(person.ref), at=person.now) and person.asked_at is None:
        person.asked_at = person.now


def take_back(person: Person, *_: Any) -> None:
    if take_back_erasure(person.ref, actor=own(person.ref), at=person.now):
        person.asked_at = None


def ask_for_access(person: Person, *_: Any) -> None:
    made = open_request(
        SubjectRequestKind.ACCESS, channel=RequestChannel.MAIL, received_at=person.now, person_ref=person.ref,
        actor=staff(person.officer.pk), at=person.now,
    )  # fmt: skip
    person.access_until = max(made.limit_on, person.access_until or made.limit_on)


def answer_access(person: Person, *_: Any) -> None:
    for request in SubjectRequest.objects.filter(person_ref=person.ref, closed_at=None):
        close_request(request.pk, decision=Decision.FULFILLED, ground="", actor=staff(person.officer.pk), at=person.now)
    person.access_until = None


def run_worker(person: Person, *_: Any) -> None:
    may_go = person.may_go
    erased = erasure.erase_due(at=person.now).erased
    for batch in ErasureBatch.objects.filter(has_mailbox=True, mailbox_purged_at=None):
        confirm_mailbox_purge(batch.pk, actor=staff(person.officer.pk), at=person.now)
        erased += erasure.erase_due(at=person.now).erased
    assert (person.record in erased) is may_go, f"worker at {person.now}"
    person.is_gone = may_go


KINDS = st.sampled_from(["CALL", "CALL", "INTERVIEW", "MAIL_SENT", "MAIL_RECEIVED", "THIRD_PARTY", "OTHER_ROLE"])
GROUNDS = st.sampled_from([ground.value for ground in RestrictionGround])
ACTS = st.one_of(
    st.tuples(st.just(contact), KINDS, st.integers(0, 60)),
    st.tuples(st.just(contact), KINDS, st.integers(0, 60)),
    st.tuples(st.just(run_worker)),
    st.tuples(st.just(run_worker)),
    st.tuples(st.just(agree)),
    st.tuples(st.just(restrict), GROUNDS),
    st.tuples(st.sampled_from([revoke, note, withdraw, tell, lift, ask, take_back, ask_for_access, answer_access])),
)
WAITS = st.one_of(
    st.integers(0, 40).map(lambda days: timedelta(days=days)),
    st.integers(300, 800).map(lambda days: timedelta(days=days)),
    st.sampled_from(["just before", "at the end"]),
)


def wait(person: Person, how: Any) -> None:
    """Let time pass: for a while, or to the edge of the erase moment."""
    if isinstance(how, timedelta):
        person.now += how
        return
    edge = person.expires_at - timedelta(seconds=1 if how == "just before" else 0)
    person.now = max(person.now, edge)


def check(person: Person) -> None:
    """Columns, rule, explanation and visibility say what the oracle says."""
    records = list(Candidate.objects.filter(pk=person.record))
    assert len(records) == (0 if person.is_gone else 1)
    assert Candidate.objects.visible(person.now).filter(pk=person.record).exists() is person.is_visible
    if person.is_gone:
        return
    (record,) = records
    stored = (record.due_on, record.keep_until, record.expires_at)
    assert stored == (person.base, person.end, person.expires_at)
    facts = facts_of(records)[person.ref]
    for name, value in columns_of(facts).items():
        assert getattr(record, name) == value, name
    found = explain(person.ref, as_of=person.now)
    assert (found.clock, found.keep_until) == (facts.clock, person.end)


# The same histories every time, so that a run of the suite says something about the change before it;
# HISTORIES=1000 looks for others.
COUNT = int(os.environ.get("HISTORIES", "40"))


@pytest.mark.timeout(60 + 5 * COUNT)
@settings(
    max_examples=COUNT,
    derandomize="HISTORIES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(WAITS, ACTS), min_size=1, max_size=10))
def test_nobody_goes_early_and_nobody_is_shown_late(officer: User, history: list[Any]) -> None:
    sent = people.application(BEGIN, None, has_cv=False)
    first = Interaction.objects.get(candidate=sent.candidate_id)
    person = Person(
        ref=sent.candidate.person_ref, record=sent.candidate_id, officer=officer, now=BEGIN, contacts={first.pk: BEGIN}
    )
    for pause, (act, *arguments) in history:
        wait(person, pause)
        with suppress(Refused, Candidate.DoesNotExist):  # where the portal refuses, nothing may have changed
            act(person, *arguments)
        check(person)
    # Whatever happened, in the end everybody goes whom nothing lasting keeps.
    person.now = max(person.now, person.expires_at) + timedelta(days=400)
    if not person.is_gone:
        run_worker(person)
    check(person)
    # Out of the next history's way, which begins earlier: to a run that would be a jump of the clock.
    Candidate.objects.filter(pk=person.record).update(erasing_ref=person.record)
    RetentionRun.objects.all().delete()
    RunStop.objects.all().delete()
