"""A mistyped or borrowed address never opens a stranger's record."""

from datetime import datetime, timedelta

import pytest

from accounts.enums import LinkPurpose
from accounts.models import MailedLink
from audit.enums import Action
from audit.models import AuditEvent
from candidates.models import Candidate, Position
from candidates.selectors.people import waiting_applications
from candidates.services.addresses import confirm_address, disown_application
from candidates.services.erasure import request_erasure
from common.actors import candidate as candidate_actor
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from privacy.selectors.own_data import own_records
from tests.factories import people

pytestmark = pytest.mark.django_db
ADDRESS = "aino@example.org"


def person(candidate: Candidate) -> object:
    candidate.refresh_from_db()
    return candidate.person_ref


def test_each_application_is_a_record_of_its_own_until_its_link_is_used(at: datetime, position: Position) -> None:
    first = people.application(at, position).candidate
    later = at + timedelta(days=100)
    second = people.application(later, position, is_confirmed=False).candidate
    assert person(first) != person(second)
    assert [record.pk for record in own_records(ADDRESS, as_of=later)] == [first.pk]
    assert first.due_on.isoformat() == "2028-11-24"

    confirmed = confirm_address(second.pk, address=ADDRESS, at=later + timedelta(days=3))
    assert confirmed is not None
    assert person(first) == person(second)
    assert {record.pk for record in own_records(ADDRESS, as_of=later)} == {first.pk, second.pk}
    first.refresh_from_db()
    # Confirming counts at the time of submission, not of the click.
    assert first.last_contact_at == second.last_contact_at == later
    assert first.due_on.isoformat() == "2029-03-04"
    assert AuditEvent.objects.filter(action=Action.CANDIDATES_LINKED).count() == 1


def test_confirming_again_changes_nothing(at: datetime, position: Position) -> None:
    record = people.application(at, position).candidate
    again = confirm_address(record.pk, address=ADDRESS, at=at + timedelta(days=1))
    assert again is not None
    assert again.address_confirmed_at == at
    assert AuditEvent.objects.filter(action=Action.ADDRESS_CONFIRMED).count() == 1


@pytest.mark.parametrize("other", ["eino@example.org", "AINO@example.org ", "aino+x@example.org", "aino@example.com"])
def test_only_exactly_that_address_confirms(at: datetime, position: Position, other: str) -> None:
    record = people.application(at, position, is_confirmed=False).candidate
    assert confirm_address(record.pk, address=other, at=at) is None
    record.refresh_from_db()
    assert record.is_confirmed is False


def test_spelling_and_case_are_one_address_and_plus_is_another(at: datetime, position: Position) -> None:
    first = people.application(at, position, email="Aino@EXAMPLE.org").candidate
    same = people.application(at, position, email="aino@example.org").candidate
    plus = people.application(at, position, email="aino+jobs@example.org").candidate
    assert person(first) == person(same)
    assert person(first) != person(plus)


def test_an_expired_record_is_never_linked(at: datetime, position: Position) -> None:
    old = people.application(at, position).candidate
    late = old.expires_at + timedelta(minutes=1)
    fresh = people.application(late, position).candidate
    assert person(old) != person(fresh)
    assert [record.pk for record in own_records(ADDRESS, as_of=late)] == [fresh.pk]


def test_a_record_that_is_being_erased_is_never_linked(at: datetime, position: Position) -> None:
    old = people.application(at, position).candidate
    request_erasure(old.person_ref, actor=candidate_actor(old.pk), at=at)
    fresh = people.application(at + timedelta(hours=1), position).candidate
    assert person(old) != person(fresh)


def test_an_unconfirmed_record_links_to_nothing_and_opens_nothing(at: datetime, position: Position) -> None:
    people.application(at, position, is_confirmed=False)
    people.application(at, position, is_confirmed=False)
    assert own_records(ADDRESS, as_of=at) == []
    assert len(waiting_applications(ADDRESS, at=at)) == 2
    assert Candidate.objects.values("person_ref").distinct().count() == 2


def test_the_confirmation_link_works_for_seven_days_and_is_kept_as_a_hash(at: datetime, position: Position) -> None:
    record = people.application(at, position, is_confirmed=False).candidate
    link = MailedLink.objects.get(subject_ref=record.pk)
    assert (link.purpose, link.expires_at) == (LinkPurpose.CONFIRM_ADDRESS, at + timedelta(days=7))
    token = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_RECEIVED).context["token"]
    assert token.encode() not in bytes(link.token_hash)


def test_i_did_not_send_this_takes_the_address_off_and_tells_the_recruiter(at: datetime, position: Position) -> None:
    application = people.application(at, position, is_confirmed=False)
    assert disown_application(application.candidate_id, address="eino@example.org", at=at) is False
    assert disown_application(application.candidate_id, address=ADDRESS, at=at) is True
    record = Candidate.objects.get()
    assert (record.email, record.address, record.address_disowned_at) == ("", "", at)
    assert OutboxEmail.objects.filter(subject_ref=record.pk).count() == 0
    told = OutboxEmail.objects.get(kind=EmailKind.APPLICATION_DISOWNED)
    assert told.to_address == position.contact_person.email
    assert ADDRESS not in str(told.context)
    assert waiting_applications(ADDRESS, at=at) == []
    assert confirm_address(record.pk, address=ADDRESS, at=at) is None
    assert confirm_address(record.pk, address="", at=at) is None
    assert disown_application(record.pk, address=ADDRESS, at=at) is False


def test_a_confirmed_application_cannot_be_disowned(at: datetime, position: Position) -> None:
    record = people.application(at, position).candidate
    assert disown_application(record.pk, address=ADDRESS, at=at) is False
