"""The steps of the check in which two years pass and the worker erases."""

from datetime import timedelta
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from django.urls import reverse

from audit.enums import Action
from audit.models import AuditEvent
from candidates.models import Candidate
from clouder.demo.report import ensure
from clouder.demo.run import Run, entries, shown_date
from clouder.demo.steps_apply import sign_in
from clouder.demo.steps_staff import ensure_date, record_call
from files import append_only
from files.models import StoredFile
from files.services import prefix_of, remaining_objects
from privacy.enums import BatchState, LedgerKind
from privacy.models import ErasureBatch, LedgerRecord
from privacy.services import ledger

ERASE = "privacy.tasks.erase_due"
BEFORE = timedelta(minutes=10)


def has_bucket() -> bool:
    """Whether files lie in a versioned bucket."""
    return bool(settings.STORAGES["files"]["OPTIONS"].get("bucket_name"))


def clutter_bucket(run: Run) -> str:
    """What a versioned bucket gathers: further versions, a delete marker, an unfinished upload. All of it must go."""
    client, bucket = _bucket()
    keys = list(StoredFile.objects.filter(owner_ref=run.first.ref).order_by("created_at").values_list("key", flat=True))
    for content in (b"a second version", b"a third version"):
        client.put_object(Bucket=bucket, Key=keys[0], Body=BytesIO(content))
    client.delete_object(Bucket=bucket, Key=keys[-1])
    upload = client.create_multipart_upload(Bucket=bucket, Key=f"{prefix_of(run.first.ref)}unfinished")
    client.upload_part(
        Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"], PartNumber=1, Body=BytesIO(b"a part")
    )
    versions, markers, uploads = _listed(run)
    expected = (len(keys) + 2, 1, 1)
    ensure((versions, markers, uploads) == expected, f"the bucket holds {(versions, markers, uploads)}, not {expected}")
    return f"{versions} versions, {markers} delete marker, {uploads} unfinished upload of the candidate"


def _bucket() -> tuple[Any, str]:
    store: Any = storages["files"]
    return store.connection.meta.client, store.bucket_name


def _listed(run: Run) -> tuple[int, int, int]:
    """Versions, delete markers and unfinished uploads of the first applicant, asked of the bucket itself."""
    client, bucket = _bucket()
    place = {"Bucket": bucket, "Prefix": f"{run.first.ref}/"}
    listed = client.list_object_versions(**place)
    uploads = client.list_multipart_uploads(**place)
    return len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", [])), len(uploads.get("Uploads", []))


def just_before(run: Run) -> str:
    """Minutes before the moment: the other person is called, the worker runs, and nobody is erased."""
    moment = run.first.record.expires_at
    run.jump(moment - BEFORE)
    moved = record_call(run, run.second)
    run.work(ERASE)
    ensure(Candidate.objects.filter(pk__in=[run.first.ref, run.second.ref]).count() == 2, "somebody was erased")
    ensure(not LedgerRecord.objects.exists(), "the ledger has an entry")
    ensure(run.first.name in run.staff(run.page_of(run.first)).text, "the candidate is not shown any more")
    ensure(run.page_of(run.first) in _listed_people(run), "the list has lost the candidate")
    return f"ten minutes before {moment:%Y-%m-%d %H:%M} UTC the worker erases nobody; the other person: {moved}"


def just_after(run: Run) -> str:
    """A second after the moment, and no worker has run: nobody sees the candidate any more."""
    file_links = [link for link in run.staff(run.page_of(run.first)).links if "/file/" in link]
    run.jump(run.first.record.expires_at + timedelta(seconds=1))
    for link in (run.page_of(run.first), *file_links):
        run.staff(link, expect=404)
    people = _listed_people(run)
    ensure(run.page_of(run.first) not in people, "the list still shows the candidate")
    ensure(run.page_of(run.second) in people, "the list does not show the other candidate")
    own = sign_in(run, run.first)
    ensure(run.first.reference not in own.text, "my data still shows the application")
    ensure(Candidate.objects.filter(pk=run.first.ref).exists(), "the row is gone before any worker ran")
    return f"page and {len(file_links)} files answer 404, list and my data show nothing; the rows are still there"


def _listed_people(run: Run) -> list[str]:
    links = run.staff(reverse("admin:candidates_candidate_changelist")).links
    return [link.partition("?")[0] for link in links]


def erase(run: Run) -> str:
    """The worker process does its scheduled task."""
    run.rows = {label: count for label, count in run.count_rows(run.first).items() if count}
    run.objects = remaining_objects([run.first.ref])
    found = _tables_with(run.first.name)
    ensure(run.rows and run.objects and found, "there is nothing to erase, so nothing would be shown by erasing")
    run.work(ERASE)
    states = list(ErasureBatch.objects.values_list("state", flat=True))
    ensure(states == [BatchState.DONE], f"the erasure stands at {states}")
    ensure(AuditEvent.objects.filter(action=Action.ERASED, subject_ref=run.first.ref).count() == 1, "no audit event")
    return f"{sum(run.rows.values())} rows in {len(run.rows)} tables and {run.objects} objects were there"


def rows_gone(run: Run) -> str:
    """No table holds a row of the person, and nowhere in the database stands what they told us."""
    left = {label: count for label, count in run.count_rows(run.first).items() if count}
    ensure(not left, f"rows are left: {left}")
    values = (run.first.name, run.first.email, run.first.reference, run.note, "code.example.org/paivi")
    places = {table for value in values for table in _tables_with(value)}
    ensure(not places, f"what the person told us still stands in {sorted(places)}")
    return f"none in {len(run.count_rows(run.first))} tables; name, address, reference, note and link stand in no table"


def _tables_with(value: str) -> list[str]:
    """The tables of the database with a row in whose text this value stands."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT 1 FROM {name} AS t WHERE position(%s in t::text) > 0 LIMIT 1", [value])  # noqa: S608
            if cursor.fetchone():
                found.append(table)
    return found


def objects_gone(run: Run) -> str:
    """The store has nothing of the person: no version, no delete marker, no unfinished upload."""
    left = remaining_objects([run.first.ref])
    ensure(left == 0, f"{left} objects are left")
    if not has_bucket():
        return "no file left"
    listed = _listed(run)
    ensure(listed == (0, 0, 0), f"the bucket still lists {listed}")
    return "no version, no delete marker, no unfinished upload left in the bucket"


def ledger_written(run: Run) -> str:
    """The ledger says what was begun and what was done, with the same numbers, and its chain is whole."""
    contents = [append_only.read(key) for key in append_only.keys()]  # noqa: SIM118 (a module, not a mapping)
    named = entries(contents, run.first.ref)
    kinds = [entry["kind"] for entry in named]
    ensure(kinds == [LedgerKind.ERASURE_STARTED, LedgerKind.ERASURE_COMPLETED], f"the ledger has {kinds}")
    ensure(not entries(contents, run.second.ref), "the ledger names the other person")
    counts = {label: count for label, count in named[-1]["counts"].items() if "." in label}
    ensure(counts == run.rows, f"the ledger counts {counts}, and there were {run.rows}")
    problems = ledger.verify()
    ensure(not problems, f"the chain is broken: {problems}")
    return f"entries {named[0]['number']} and {named[1]['number']}, the same counts, chain whole"


def other_untouched(run: Run) -> str:
    """The other person, with whom somebody talked later, is there as before."""
    page = run.staff(run.page_of(run.second))
    ensure(run.second.name in page.text, "the page does not show the other candidate")
    ensure_date(run.second, page)
    run.work(ERASE)
    ensure(Candidate.objects.get().pk == run.second.ref, "the other candidate is gone")
    return f"{run.second.reference} kept until {shown_date(run.second.record.keep_until)}; another run erases nobody"
