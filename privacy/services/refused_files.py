"""What follows when the virus scan found something in a file that was sent: it goes, and the person is told.

The document goes in the same transaction in which its file is given up; the object leaves the bucket with the next
purge, before its row does. Nobody can open the file from the moment of the scan, so nothing here is urgent. A document
that a hold lists stays as it is, closed to everybody, for no path of deletion goes past a hold (spec §2.7); and so does
one of a restricted person, whose data are stored and nothing else (GDPR Art. 18(2)). Both follow when that ends.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.enums import LinkPurpose
from audit.enums import Action
from audit.services import record_event
from candidates.enums import DocumentKind
from candidates.models import Candidate, Document, HeldItem
from candidates.services.mail import check_mailable
from candidates.services.mailed_links import create_record_link
from common.actors import SYSTEM
from common.errors import Refused
from files.enums import FilePart, FileState
from files.models import StoredFile
from files.services import release_files
from mailing.enums import EmailKind
from mailing.services import queue_email
from privacy.services.rows import delete_documents


def drop_refused_files(*, at: datetime, limit: int = 100) -> int:
    """Let refused files go with their documents, and ask each person once for others; returns how many files went.

    A record that is being erased is left to that. Safe to repeat, and by several workers at once.
    """
    refused = StoredFile.objects.filter(state=FileState.REFUSED, part=FilePart.ORIGINAL)
    release_files(refused.filter(document=None, held_item=None).values_list("pk", flat=True)[:limit])
    going = _going().order_by("stored_file__scanned_at", "pk").values_list("candidate_id", flat=True)
    return sum(_drop_of_record(ref, at=at) for ref in dict.fromkeys(going[:limit]))


def _going() -> QuerySet[Document]:
    """The documents with a refused file that nothing keeps here."""
    held = HeldItem.objects.filter(hold__released_at=None).values("object_ref")
    refused = Document.objects.filter(stored_file__state=FileState.REFUSED).exclude(pk__in=held)
    return refused.filter(candidate__erasing_ref=None, candidate__restricted_at=None)


@transaction.atomic
def _drop_of_record(record_ref: UUID, *, at: datetime) -> int:
    record = Candidate.objects.filter(pk=record_ref).locked().first()
    documents = list(
        _going().filter(candidate=record_ref).order_by("added_at", "kind", "pk").select_related("application")
    )
    if record is None or not documents:
        return 0
    is_asked = _ask(record, documents[0], at=at)
    delete_documents([document.pk for document in documents])
    for document in documents:
        record_event(
            Action.FILE_REFUSED,
            at=at,
            actor=SYSTEM,
            subject_ref=record.pk,
            object_ref=document.application_id,
            details={"kind": DocumentKind(document.kind), "is_asked": is_asked},
        )
    return len(documents)


def _ask(record: Candidate, document: Document, *, at: datetime) -> bool:
    """Queue the mail with the link to add another file; to the record's own address alone, as the receipt was."""
    if not Candidate.objects.visible(at).filter(pk=record.pk).exists():
        return False
    try:
        check_mailable(record, is_answer=True)
    except Refused:
        return False
    queue_email(
        EmailKind.FILE_REFUSED,
        to_address=record.email,
        language=record.language,
        context={
            "reference": document.application.reference,
            "token": create_record_link(record, LinkPurpose.ADD_FILE, at=at),
        },
        dedupe_key=str(document.pk),
        subject_ref=record.pk,
        at=at,
    )
    return True
