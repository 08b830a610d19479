"""The ledger: one chain of numbered objects outside the database, which shows what was changed, taken or put in."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import transaction

from files.append_only import keys, read
from files.errors import StoreError
from privacy.enums import LedgerKind
from privacy.models import LedgerRecord
from privacy.services import ledger
from tests.parts.stores import BreakStore

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest) -> Any:
    """The ledger's store, of either kind."""
    if request.param == "s3":
        request.getfixturevalue("s3_buckets")
    return storages["ledger"]


@pytest.fixture
def three(store: Any, at: datetime) -> Any:
    """A ledger of three entries, and its store."""
    for number in range(3):
        ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": number}, at=at), at=at)
    assert ledger.verify() == []
    return store


def replace(store: Any, number: int, content: bytes) -> None:
    """What somebody with the store's keys could do."""
    store.purge_keys([ledger.key_of(number)])
    store.put_new(ledger.key_of(number), BytesIO(content))


def test_entries_are_numbered_and_each_names_the_one_before(three: Any, at: datetime) -> None:
    assert keys() == ["000000000001.json", "000000000002.json", "000000000003.json"]
    entries = [json.loads(read(key)) for key in keys()]
    hashes = [hashlib.sha256(read(key)).hexdigest() for key in keys()]
    assert entries == [
        {"number": 1, "kind": "erasure_started", "at": at.isoformat(), "job": 0, "previous": "0" * 64},
        {"number": 2, "kind": "erasure_started", "at": at.isoformat(), "job": 1, "previous": hashes[0]},
        {"number": 3, "kind": "erasure_started", "at": at.isoformat(), "job": 2, "previous": hashes[1]},
    ]
    records = LedgerRecord.objects.order_by("number").values_list("number", "sha256", "reserved_at", "written_at")
    assert list(records) == [(number, hashes[number - 1], at, at) for number in (1, 2, 3)]


def test_a_changed_entry_is_found(three: Any) -> None:
    replace(three, 2, read(ledger.key_of(2)).replace(b'"job":1', b'"job":9'))
    assert ledger.verify() == [
        "number 2 is not the one that the database reserved",
        "number 3 does not follow from the one before",
    ]


def test_an_entry_that_is_none_any_more_is_found(three: Any) -> None:
    for content in (b"no JSON", b"[]", b"\xff"):
        replace(three, 3, content)
        assert ledger.verify() == [
            "number 3 does not follow from the one before",
            "number 3 is not the one that the database reserved",
        ]


@pytest.mark.parametrize(
    ("number", "problems"),
    [
        (1, ["number 1 is missing: 000000000002.json stands in its place"]),
        (2, ["number 2 is missing: 000000000003.json stands in its place"]),
        (3, ["number 3 is missing"]),
    ],
)
def test_a_missing_entry_is_found(three: Any, number: int, problems: list[str]) -> None:
    three.purge_keys([ledger.key_of(number)])
    assert ledger.verify() == problems


def test_an_empty_store_is_found(three: Any) -> None:
    three.purge_keys(keys())
    assert ledger.verify() == [f"number {number} is missing" for number in (1, 2, 3)]


def test_a_foreign_entry_is_found(three: Any) -> None:
    previous = hashlib.sha256(read(ledger.key_of(3))).hexdigest()
    three.put_new(ledger.key_of(4), BytesIO(json.dumps({"number": 4, "previous": previous}).encode()))
    assert ledger.verify() == ["number 4 is not the one that the database reserved"]


@pytest.mark.parametrize("shown", [[], [5], [4, 5]])
def test_what_is_written_while_it_is_checked_is_not_missed(
    three: Any, at: datetime, monkeypatch: pytest.MonkeyPatch, shown: list[int]
) -> None:
    """A listing of a folder may even show the second of two new files and not yet the first."""
    listed = three.list_keys() + [ledger.key_of(number) for number in shown]

    def list_and_write(prefix: str = "") -> list[str]:
        for number in (4, 5):
            ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": number}, at=at), at=at)
        return listed

    monkeypatch.setattr(three, "list_keys", list_and_write)
    assert ledger.verify() == []


def test_a_foreign_object_is_found(three: Any) -> None:
    three.put_new("a-note.txt", BytesIO(b"hello"))
    assert ledger.verify() == ["number 4 is missing: a-note.txt stands in its place"]


def test_a_database_that_is_older_than_the_ledger_is_found(three: Any) -> None:
    LedgerRecord.objects.filter(number=3).delete()
    assert ledger.verify() == ["number 3 is not the one that the database reserved"]


def test_a_restored_database_cannot_write_another_entry_under_a_used_number(three: Any, at: datetime) -> None:
    LedgerRecord.objects.filter(number=3).delete()
    record = ledger.reserve(LedgerKind.ERASURE_COMPLETED, {"job": 7}, at=at)
    assert record.number == 3
    before = read(ledger.key_of(3))
    with pytest.raises(FileExistsError):
        ledger.write(record, at=at)
    record.refresh_from_db()
    assert (read(ledger.key_of(3)), record.written_at) == (before, None)


def test_a_number_goes_with_its_transaction(three: Any, at: datetime) -> None:
    with transaction.atomic():
        assert ledger.reserve(LedgerKind.ERASURE_STARTED, {}, at=at).number == 4
        transaction.set_rollback(True)
    assert ledger.reserve(LedgerKind.ERASURE_STARTED, {}, at=at).number == 4


def test_what_a_crash_left_unwritten_is_written_in_order(store: Any, at: datetime) -> None:
    records = [ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": number}, at=at) for number in range(3)]
    # One was written, and the worker died before it could say so.
    store.put_new(ledger.key_of(1), BytesIO(records[0].content.encode()))
    later = at.replace(year=2027)
    assert (keys(), ledger.write_reserved(at=later)) == (["000000000001.json"], 3)
    assert (ledger.verify(), len(keys()), ledger.write_reserved(at=later)) == ([], 3, 0)
    assert set(LedgerRecord.objects.values_list("written_at", flat=True)) == {later}


def test_writing_again_is_quiet_and_changes_nothing(three: Any, at: datetime) -> None:
    record = LedgerRecord.objects.get(number=2)
    ledger.write(record, at=at.replace(year=2027))
    record.refresh_from_db()
    assert (record.written_at, ledger.verify()) == (at, [])


def test_a_ledger_that_takes_nothing_leaves_the_number_reserved(at: datetime, break_store: BreakStore) -> None:
    mend = break_store("ledger", "SilentLedger")
    record = ledger.reserve(LedgerKind.ERASURE_STARTED, {}, at=at)
    attempts: list[Callable[[], Any]] = [lambda: ledger.write(record, at=at), lambda: ledger.write_reserved(at=at)]
    for attempt in attempts:
        with pytest.raises(StoreError):
            attempt()
    mend()
    assert (ledger.write_reserved(at=at), ledger.verify()) == (1, [])


def test_an_entry_is_written_after_those_that_a_crash_left_before_it(store: Any, at: datetime) -> None:
    """Else the ledger would have a gap, behind which a restored database could not see that it is one."""
    first = ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": 1}, at=at)
    second = ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": 2}, at=at)
    ledger.write(second, at=at)
    first.refresh_from_db()
    assert (keys(), first.written_at) == (["000000000001.json", "000000000002.json"], at)


# Whether the ledger is ahead of the database


def test_a_whole_ledger_is_not_ahead(three: Any, at: datetime) -> None:
    assert ledger.is_ahead() is False
    ledger.reserve(LedgerKind.ERASURE_STARTED, {}, at=at)
    assert ledger.is_ahead() is False


def test_an_empty_ledger_is_not_ahead(store: Any, db: None) -> None:
    assert ledger.is_ahead() is False


def test_a_restored_database_is_behind(three: Any) -> None:
    LedgerRecord.objects.filter(number__gte=2).delete()
    assert ledger.is_ahead() is True


def test_a_database_from_before_the_first_entry_is_behind(three: Any) -> None:
    LedgerRecord.objects.all().delete()
    assert ledger.is_ahead() is True


def test_a_restored_database_that_has_reserved_the_taken_number_is_still_behind(three: Any, at: datetime) -> None:
    LedgerRecord.objects.filter(number=3).delete()
    ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": 9}, at=at)
    assert ledger.is_ahead() is True


def test_a_number_whose_object_was_written_and_not_noted_is_no_sign_of_a_restore(three: Any) -> None:
    LedgerRecord.objects.filter(number=3).update(written_at=None)
    assert ledger.is_ahead() is False


def test_a_store_that_does_not_answer_gives_no_answer(at: datetime, break_store: BreakStore) -> None:
    break_store("ledger", "SilentReader")
    with pytest.raises(StoreError):
        ledger.is_ahead()


# The period of the entries

YEARS = 2


def later(at: datetime) -> datetime:
    return at.replace(year=at.year + YEARS)


def test_old_entries_go_and_the_chain_begins_at_the_last_of_them(three: Any, at: datetime) -> None:
    new = ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": 4}, at=later(at))
    ledger.write(new, at=later(at))
    assert ledger.purge_before(at) == 0
    before = LedgerRecord.objects.get(number=3).sha256
    assert ledger.purge_before(later(at)) == 3
    assert keys() == ["000000000004.json"]
    assert list(LedgerRecord.objects.order_by("number").values_list("number", "content")) == [(3, ""), (4, new.content)]
    assert (ledger.anchor(), ledger.verify(), ledger.is_ahead()) == ((3, before), [], False)
    assert ledger.purge_before(later(at)) == 0
    ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": 5}, at=later(at)), at=later(at))
    assert (ledger.verify(), len(keys())) == ([], 2)


def test_where_everything_is_old_the_numbers_go_on(three: Any, at: datetime) -> None:
    assert ledger.purge_before(later(at)) == 3
    assert (keys(), ledger.verify(), ledger.highest_number(), ledger.is_ahead()) == ([], [], 3, False)
    record = ledger.reserve(LedgerKind.ERASURE_STARTED, {}, at=later(at))
    ledger.write(record, at=later(at))
    assert (record.number, ledger.verify()) == (4, [])
    replace(three, 4, read(ledger.key_of(4)).replace(b'"previous":"', b'"previous":"0'))
    assert ledger.verify() == [
        "number 4 does not follow from the one before",
        "number 4 is not the one that the database reserved",
    ]


def test_a_purge_that_a_store_refused_is_finished_by_the_next(at: datetime, break_store: BreakStore) -> None:
    for number in range(3):
        ledger.write(ledger.reserve(LedgerKind.ERASURE_STARTED, {"job": number}, at=at), at=at)
    mend = break_store("ledger", "RefusingStore")
    with pytest.raises(StoreError):
        ledger.purge_before(later(at))
    mend()
    assert (len(keys()), ledger.verify()) == (3, [])
    assert (ledger.purge_before(later(at)), keys(), LedgerRecord.objects.count()) == (0, [], 1)


def test_an_old_entry_that_was_never_written_stays_with_all_after_it(three: Any, at: datetime) -> None:
    LedgerRecord.objects.filter(number=2).update(written_at=None)
    assert ledger.purge_before(later(at)) == 1
    assert list(LedgerRecord.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]
    assert keys() == ["000000000002.json", "000000000003.json"]
