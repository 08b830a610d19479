"""Deleting the rows of people, table by table, as the data map names them: set-based, and for nobody else's rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from candidates.enums import DocumentKind
from candidates.models import Application, Candidate, Document, Interaction
from common.data_map import Table
from common.deletion import raw_delete
from common.lookups import Refs
from files.services import release_files
from mailing.enums import EmailKind
from privacy import registry

KEPT_BY_CONSENT = {
    "mailing.OutboxEmail": Q(kind__in=[EmailKind.RETENTION_REMINDER, EmailKind.LONGER_STORAGE_AGREED]),
}
"""What stays of a table of the old process: without its row a reminder would be sent twice."""


def permit_deletion() -> None:
    """The trigger on candidates lets rows go in this transaction only."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL clouder.erasing = 'on'")


@dataclass(frozen=True)
class Identities:
    """Whose records these are: the people, their addresses in the normal form, the cases of those who asked."""

    person_refs: list[UUID]
    addresses: list[str]
    cases: list[str]


def identities_of(refs: Refs) -> Identities:
    """Whose records these are; of records that are gone nothing is known."""
    found = list(Candidate.objects.filter(pk__in_array=refs).values_list("person_ref", "address", "erasure_case"))
    return Identities(
        person_refs=sorted({ref for ref, _, _ in found}),
        addresses=sorted({address for _, address, _ in found if address}),
        cases=sorted({case for _, _, case in found if case}),
    )


def rows_of(refs: Refs, addresses: list[str]) -> Iterator[Any]:
    """The rows of these people, table by table, in the order in which they can be deleted."""
    for table in registry.erasable():
        yield apps.get_model(table.model)._base_manager.filter(_of(table, refs, addresses))


def _of(table: Table, refs: Refs, addresses: list[str]) -> Q:
    """Which rows of a table are theirs. Rows of an address that others have too are left to those."""
    found = Q(**{f"{table.erased_by}__in_array": refs}) if table.erased_by else Q(pk__in=[])
    if table.erased_by_address and addresses:
        others = Candidate.objects.filter(~Q(pk__in_array=refs), address=OuterRef(table.erased_by_address))
        found |= Q(~Exists(others), **{f"{table.erased_by_address}__in_array": addresses})
    return found


def delete_rows(refs: Refs, addresses: list[str]) -> dict[str, int]:
    """Delete every row of these people in the caller's transaction; returns how many of each table."""
    permit_deletion()
    return {rows.model._meta.label: raw_delete(rows) for rows in rows_of(refs, addresses)}


def any_left(refs: Refs) -> bool:
    """Whether any table still has a row of these records.

    Tables that refer to a record by a foreign key are not asked: the database itself lets none of their rows be
    without the record.
    """
    return any(
        apps.get_model(table.model)._base_manager.filter(_of(table, refs, [])).exists()
        for table in registry.erasable()
        if not _is_bound(table)
    )


def _is_bound(table: Table) -> bool:
    """Whether a table's rows refer to another erasable table by a foreign key."""
    path = table.erased_by.split("__")[0]
    return any(
        field.is_relation and path in (field.name, field.attname)
        for field in apps.get_model(table.model)._meta.concrete_fields
    )


def delete_old_process(refs: list[UUID], *, before: datetime) -> None:
    """Delete what belongs to a process whose base period is over; profile, skills and CV stay (policy §7).

    Notes, moves, interviews, mails and contacts before ``before`` go, and so do files that are no CV and the words of
    cover letters. The contact that set the date stays without its text, for it explains the date.
    """
    contacts = Candidate.objects.filter(pk__in=refs).values_list("last_contact_ref", flat=True)
    last = [ref for ref in contacts if ref]
    for table in registry.erasable():
        if table.process_time:
            mine = Q(**{f"{table.erased_by}__in": refs, f"{table.process_time}__lt": before})
            rows = apps.get_model(table.model)._base_manager.filter(mine)
            raw_delete(rows.exclude(KEPT_BY_CONSENT.get(table.model, Q(pk__in=last))))
    Interaction.objects.filter(pk__in=last, occurred_at__lt=before).update(text="", message_id="")
    applications = Application.objects.filter(candidate__in=refs, submitted_at__lt=before)
    applications.update(cover_letter="")
    _delete_with_files(Document.objects.filter(application__in=applications).exclude(kind=DocumentKind.CV))


def delete_documents(ids: Iterable[UUID]) -> None:
    """Delete these documents and give up their files, in the caller's transaction."""
    _delete_with_files(Document.objects.filter(pk__in=list(ids)))


def _delete_with_files(papers: QuerySet[Document]) -> None:
    files = list(papers.values_list("stored_file_id", flat=True))
    raw_delete(papers)
    release_files(files)


def renew_statistics() -> None:
    """Let the database draw new statistics of the tables of people.

    They hold samples of values, names and addresses among them, and would hold those of erased people for as long as
    nothing else renews them (spec 2.8: relational database).
    """
    with connection.cursor() as cursor:
        for table in registry.erasable():
            cursor.execute(f"ANALYZE {connection.ops.quote_name(apps.get_model(table.model)._meta.db_table)}")
