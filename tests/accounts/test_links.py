"""Mailed links work once, in time, and for one thing; visits that they open end by themselves."""

import hashlib
import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, PortalSession
from accounts.services.links import (
    LastingLink,
    create_lasting_links,
    create_link,
    end_session,
    find_link,
    link_was_sent,
    purge_links_and_sessions,
    resume_session,
    start_session,
    use_link,
)
from tests.parts.threads import at_once

pytestmark = pytest.mark.django_db

HALF_HOUR = timedelta(minutes=30)
SECOND = timedelta(seconds=1)
SIGN_IN, CONFIRM = LinkPurpose.SIGN_IN, LinkPurpose.CONFIRM_ADDRESS


def link(at: datetime, purpose: LinkPurpose = SIGN_IN, **values: Any) -> str:
    known: dict[str, Any] = {"address": "aino@example.org", "language": "en", "lifetime": HALF_HOUR, "at": at}
    return create_link(purpose, **known | values)


def is_usable(token: str, *, at: datetime, purpose: LinkPurpose = SIGN_IN) -> bool:
    return find_link(purpose, token, at=at) is not None


# Links


def test_the_database_knows_only_the_hash_of_a_token(at: datetime) -> None:
    token = link(at)
    (row,) = MailedLink.objects.all()
    assert bytes(row.token_hash) == hashlib.sha256(token.encode()).digest()
    assert len(token) == 43
    with connection.cursor() as cursor:
        cursor.execute("SELECT row::text FROM accounts_mailedlink row")
        assert token not in str(cursor.fetchall())


def test_looking_uses_nothing_up_and_using_does(at: datetime) -> None:
    ref = uuid4()
    token = link(at, subject_ref=ref)
    assert [is_usable(token, at=at) for _ in range(2)] == [True, True]
    used = use_link(SIGN_IN, token, at=at)
    assert used is not None
    assert (used.address, used.subject_ref, used.used_at) == ("aino@example.org", ref, at)
    assert (use_link(SIGN_IN, token, at=at), is_usable(token, at=at)) == (None, False)


@pytest.mark.parametrize(("after", "works"), [(HALF_HOUR - SECOND, True), (HALF_HOUR, False)])
def test_a_link_ends_to_the_second(at: datetime, after: timedelta, works: bool) -> None:
    token = link(at)
    assert is_usable(token, at=at + after) is works
    assert (use_link(SIGN_IN, token, at=at + after) is not None) is works


def test_a_link_does_one_thing_only(at: datetime) -> None:
    token = link(at, CONFIRM)
    assert (is_usable(token, at=at), use_link(SIGN_IN, token, at=at)) == (False, None)
    assert use_link(CONFIRM, token, at=at) is not None


@pytest.mark.parametrize("token", ["", "unknown", "\x00", "ä" * 100])
def test_what_is_no_token_opens_nothing(at: datetime, token: str) -> None:
    link(at)
    assert (is_usable(token, at=at), use_link(SIGN_IN, token, at=at)) == (False, None)


def test_a_newer_link_ends_the_older_ones_like_it_and_no_others(at: datetime) -> None:
    ref, other_ref = uuid4(), uuid4()
    old = link(at, CONFIRM, subject_ref=ref)
    others = [
        link(at, CONFIRM, subject_ref=other_ref),
        link(at, CONFIRM, subject_ref=ref, address="eino@example.org"),
        link(at, CONFIRM),
    ]
    sign_in = link(at, subject_ref=ref)
    new = link(at + SECOND, CONFIRM, subject_ref=ref)
    later = at + 2 * SECOND
    assert [is_usable(token, at=later, purpose=CONFIRM) for token in (old, new, *others)] == [False, *[True] * 4]
    assert is_usable(sign_in, at=later) is True
    assert use_link(CONFIRM, old, at=later) is None
    superseded = MailedLink.objects.exclude(superseded_at=None).values_list("subject_ref", "superseded_at")
    assert list(superseded) == [(ref, at + SECOND)]


def test_it_is_known_when_a_link_was_sent(at: datetime) -> None:
    link(at)
    asked = [
        (SIGN_IN, "aino@example.org", at - SECOND),
        (SIGN_IN, "aino@example.org", at),
        (CONFIRM, "aino@example.org", at - SECOND),
        (SIGN_IN, "eino@example.org", at - SECOND),
    ]
    assert [link_was_sent(purpose, address, since=since) for purpose, address, since in asked] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.django_db(transaction=True)
def test_two_uses_at_once_are_one_use(at: datetime) -> None:
    tokens = [link(at, address=f"{number}@example.org") for number in range(5)]
    uses = at_once(lambda: [use_link(SIGN_IN, token, at=at) for token in tokens])
    used = [found.pk for found in itertools.chain(*uses) if found]
    assert (len(used), set(used)) == (5, set(MailedLink.objects.values_list("pk", flat=True)))


def test_lasting_links_work_until_their_moment_and_end_no_other(at: datetime) -> None:
    ref, until = uuid4(), at + 30 * HALF_HOUR
    give, erase = LinkPurpose.GIVE_CONSENT, LinkPurpose.ERASE
    wanted = [LastingLink(purpose, "aino@example.org", "en", ref, until) for purpose in (give, erase)]
    tokens = [token for _ in range(2) for token in create_lasting_links(wanted, at=at)]
    assert len(set(tokens)) == 4
    for token, purpose in zip(tokens, [give, erase] * 2, strict=True):
        found = find_link(purpose, token, at=until - SECOND)
        assert found is not None
        assert (found.subject_ref, found.address, found.language) == (ref, "aino@example.org", "en")
        assert find_link(purpose, token, at=until) is None
    assert is_usable(tokens[0], at=at, purpose=erase) is False
    assert create_lasting_links([], at=at) == []


def test_lasting_links_are_made_in_one_statement(at: datetime, django_assert_num_queries: Any) -> None:
    wanted = [LastingLink(LinkPurpose.ERASE, "aino@example.org", "en", uuid4(), at + HALF_HOUR) for _ in range(50)]
    with django_assert_num_queries(1):
        create_lasting_links(wanted, at=at)


# Visits


def test_a_visit_is_known_by_a_hash_and_proves_one_address(at: datetime) -> None:
    token = start_session("aino@example.org", at=at)
    session = resume_session(token, at=at)
    assert session is not None
    assert (session.address, session.started_at) == ("aino@example.org", at)
    assert bytes(session.token_hash) == hashlib.sha256(token.encode()).digest()
    assert resume_session("unknown", at=at) is None


@pytest.mark.parametrize(("idle", "is_open"), [(HALF_HOUR - SECOND, True), (HALF_HOUR, False)])
def test_a_visit_ends_after_half_an_hour_without_a_request(at: datetime, idle: timedelta, is_open: bool) -> None:
    token = start_session("aino@example.org", at=at)
    assert (resume_session(token, at=at + idle) is not None) is is_open


@pytest.mark.parametrize(("length", "is_open"), [(timedelta(hours=2) - SECOND, True), (timedelta(hours=2), False)])
def test_a_visit_ends_after_two_hours_whatever_is_done(at: datetime, length: timedelta, is_open: bool) -> None:
    token = start_session("aino@example.org", at=at)
    for minutes in (29, 58, 87, 116):
        assert resume_session(token, at=at + timedelta(minutes=minutes)) is not None
    assert (resume_session(token, at=at + length) is not None) is is_open


def test_a_request_within_a_minute_writes_nothing(at: datetime, django_assert_num_queries: Any) -> None:
    token = start_session("aino@example.org", at=at)
    with django_assert_num_queries(1):
        resume_session(token, at=at + timedelta(minutes=1))
    with django_assert_num_queries(2):
        resume_session(token, at=at + timedelta(minutes=1) + SECOND)


def test_signing_out_ends_the_visit_for_good(at: datetime) -> None:
    tokens = [start_session("aino@example.org", at=at) for _ in range(2)]
    session = resume_session(tokens[0], at=at)
    assert session is not None
    end_session(session, at=at)
    assert [resume_session(token, at=at) is not None for token in tokens] == [False, True]


def test_what_can_no_longer_be_used_is_deleted(at: datetime) -> None:
    link(at)
    link(at + SECOND, address="eino@example.org")
    start_session("aino@example.org", at=at - timedelta(hours=2) + HALF_HOUR)
    start_session("eino@example.org", at=at)
    assert purge_links_and_sessions(at=at + HALF_HOUR - SECOND) == 0
    assert purge_links_and_sessions(at=at + HALF_HOUR) == 2
    left = [list(model.objects.values_list("address", flat=True)) for model in (MailedLink, PortalSession)]
    assert left == [["eino@example.org"], ["eino@example.org"]]
