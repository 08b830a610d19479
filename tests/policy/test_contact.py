"""What is a contact (§7, E1 to E16), and what no history breaks: what counts sets the date, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.contact import OUTBOUND, RULES, Event, EventKind, Revocation, Why, judge, last_contact
from policy.retention import ANSWERS, Sourced, clock, due_on, erase_at

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
COUNTING = {
    EventKind.APPLICATION_SUBMITTED,
    EventKind.APPLICATION_WITHDRAWN,
    EventKind.CALL,
    EventKind.DOCUMENT_ADDED,
    EventKind.IMPORTED_CONTACT,
    EventKind.INTERVIEW,
    EventKind.MAIL_RECEIVED,
    EventKind.MAIL_SENT,
    EventKind.MESSAGE_RECEIVED,
    EventKind.OUTREACH,
}


def event(kind: EventKind, day: float, revocation: Revocation | None = None, ref: str = "") -> Event:
    return Event(ref or f"{kind}-{day}", kind, START + timedelta(days=day), revocation)


def whys(*events: Event, is_sourced: bool = False) -> list[Why]:
    return [found.why for found in judge(events, is_sourced=is_sourced)]


def test_which_kinds_count() -> None:
    assert {kind for kind, (_, counts) in RULES.items() if counts} == COUNTING
    assert set(RULES) == set(EventKind)


def test_every_row_of_the_definition_decides_on_some_kind() -> None:
    # E2 (a draft) is no event of a person: nobody is known by it.
    rows = {rule for rule, _ in RULES.values()}
    assert rows == {f"E{number}" for number in range(1, 17)} - {"E2"}


@pytest.mark.parametrize("kind", EventKind)
def test_a_kind_alone_counts_or_does_not_and_says_by_which_row(kind: EventKind) -> None:
    found = judge([event(kind, 1)])[0]
    assert (found.counts, found.rule) == (kind in COUNTING, RULES[kind][0])
    assert found.why is (Why.COUNTS if kind in COUNTING else Why.KIND)
    assert (found.ref, found.kind, found.at) == (f"{kind}-1", kind, START + timedelta(days=1))


@pytest.mark.parametrize("revocation", Revocation)
def test_what_did_not_take_place_does_not_count_and_says_why(revocation: Revocation) -> None:
    found = judge([event(EventKind.CALL, 1, revocation)])[0]
    assert (found.counts, found.why.value, found.rule) == (False, revocation.value, "E6")


def test_what_never_counted_says_that_it_was_taken_back() -> None:
    assert whys(event(EventKind.STAFF_WORK, 1, Revocation.CORRECTED)) == [Why.CORRECTED]


def test_verdicts_are_in_the_order_of_time_whatever_the_order_of_recording() -> None:
    events = [event(EventKind.CALL, 3), event(EventKind.CALL, 1), event(EventKind.CALL, 2)]
    assert [found.ref for found in judge(events)] == ["CALL-1", "CALL-2", "CALL-3"]


def test_the_last_contact_is_the_latest_that_counts() -> None:
    found = last_contact(judge([event(EventKind.CALL, 1), event(EventKind.STAFF_WORK, 9)]))
    assert found is not None
    assert found.ref == "CALL-1"
    assert last_contact(judge([event(EventKind.STAFF_WORK, 9)])) is None
    assert last_contact([]) is None


def test_of_two_at_the_same_instant_the_greater_reference_wins() -> None:
    events = [event(EventKind.CALL, 1, ref="b"), event(EventKind.CALL, 1, ref="c"), event(EventKind.CALL, 1, ref="a")]
    found = last_contact(judge(events))
    assert found is not None
    assert found.ref == "c"


# People whom we approached (E15)


def test_only_the_first_message_counts_until_the_person_answers() -> None:
    events = [
        event(EventKind.OUTREACH, 1),
        event(EventKind.MAIL_SENT, 2),
        event(EventKind.OUTREACH, 3),
        event(EventKind.MAIL_RECEIVED, 4),
        event(EventKind.MAIL_SENT, 5),
    ]
    assert whys(*events, is_sourced=True) == [Why.COUNTS, Why.UNANSWERED, Why.UNANSWERED, Why.COUNTS, Why.COUNTS]
    assert judge(events, is_sourced=True)[1].rule == "E15"
    assert whys(*events) == [Why.COUNTS] * 5


def test_a_first_message_that_came_back_was_none() -> None:
    bounced = event(EventKind.OUTREACH, 1, Revocation.BOUNCED)
    assert whys(bounced, event(EventKind.MAIL_SENT, 2), event(EventKind.MAIL_SENT, 3), is_sourced=True) == [
        Why.BOUNCED,
        Why.COUNTS,
        Why.UNANSWERED,
    ]


@pytest.mark.parametrize("kind", sorted(ANSWERS))
def test_what_the_person_takes_part_in_is_an_answer(kind: EventKind) -> None:
    events = [event(EventKind.OUTREACH, 1), event(kind, 2), event(EventKind.MAIL_SENT, 3)]
    assert whys(*events, is_sourced=True) == [Why.COUNTS] * 3


@pytest.mark.parametrize("kind", sorted(set(EventKind) - ANSWERS - OUTBOUND))
def test_nothing_else_is_an_answer(kind: EventKind) -> None:
    events = [event(EventKind.OUTREACH, 1), event(kind, 2), event(EventKind.MAIL_SENT, 3)]
    assert whys(*events, is_sourced=True)[2] is Why.UNANSWERED


def test_an_answer_that_did_not_take_place_is_none() -> None:
    events = [
        event(EventKind.OUTREACH, 1),
        event(EventKind.CALL, 2, Revocation.NO_SHOW),
        event(EventKind.MAIL_SENT, 3),
    ]
    assert whys(*events, is_sourced=True) == [Why.COUNTS, Why.NO_SHOW, Why.UNANSWERED]


# Whatever happens

events_of_people = st.lists(
    st.builds(
        lambda kind, minutes, revocation, number: Event(
            str(number), kind, START + timedelta(minutes=minutes), revocation
        ),
        st.sampled_from(EventKind),
        st.integers(0, 60 * 24 * 1500),
        st.one_of(st.none(), st.sampled_from(Revocation)),
        st.integers(0, 10_000),
    ),
    max_size=12,
    unique_by=lambda one: one.ref,
)


@given(events_of_people, st.booleans())
def test_the_order_in_which_events_are_recorded_does_not_matter(events: list[Event], is_sourced: bool) -> None:
    assert judge(events, is_sourced=is_sourced) == judge(reversed(events), is_sourced=is_sourced)


@given(events_of_people)
def test_a_date_is_never_set_by_what_does_not_count(events: list[Event]) -> None:
    found = clock(START, events)
    counting = [one for one in events if RULES[one.kind][1] and one.revocation is None]
    expected = max((one.at for one in counting), default=START)
    assert (found.last_contact_at, found.due_on) == (expected, due_on(expected))
    assert found.set_by in {None, *(one.ref for one in counting)}


@given(events_of_people, st.sampled_from(sorted(set(EventKind) - COUNTING)), st.integers(0, 2000))
def test_what_does_not_count_moves_no_date(events: list[Event], kind: EventKind, day: int) -> None:
    more = [*events, event(kind, day, ref="more")]
    assert clock(START, more) == clock(START, events)
    sourced = Sourced(START)
    assert clock(START, more, sourced=sourced) == clock(START, events, sourced=sourced)


@given(events_of_people)
def test_taking_a_contact_back_never_makes_the_date_later(events: list[Event]) -> None:
    before = clock(START, events)
    for number, one in enumerate(events):
        without = [*events[:number], Event(one.ref, one.kind, one.at, Revocation.CORRECTED), *events[number + 1 :]]
        assert clock(START, without).erase_at <= before.erase_at


@given(events_of_people, st.booleans())
def test_a_person_who_is_kept_has_an_end_within_two_years_of_their_last_contact(
    events: list[Event], is_sourced: bool
) -> None:
    found = clock(START, events, sourced=Sourced(START) if is_sourced else None)
    assert found.expires_at <= erase_at(due_on(found.last_contact_at))
    assert found.expires_at == found.erase_at
