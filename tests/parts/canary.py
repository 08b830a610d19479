"""A person of whom every place holds a word that stands nowhere else, and looking for it wherever anything is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import storages

from accounts.enums import LinkPurpose
from accounts.models import User
from accounts.services.links import create_link, start_session
from audit.enums import Access
from audit.services import record_access
from candidates.enums import InteractionKind, LinkKind, Stage
from candidates.models import ApplicationDraft, Candidate, Position
from candidates.services.applications import move_application
from candidates.services.erasure import request_erasure
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from candidates.services.words import index_documents
from clouder.embedded import s3
from common.actors import candidate, staff
from files import derive, reading
from files.bounded import Part
from files.models import StoredFile
from files.samples import pdf
from files.services import open_file
from tests.factories import people
from tests.parts import sweep

CANARY = "kanaria7q"
"""What every text of the person holds, whoever of several it is."""
PHONE = "401234567"
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)

PLACES = {
    "accounts_mailedlink",
    "accounts_portalsession",
    "candidates_application",
    "candidates_applicationdraft",
    "candidates_candidate",
    "candidates_document",
    "candidates_interaction",
    "candidates_note",
    "candidates_profilelink",
    "candidates_stagechange",
    "django_admin_log",
    "files_storedfile",
    "mailing_outboxemail",
}
"""The tables that hold the word while the person is there."""


@dataclass(frozen=True)
class Bird:
    """Somebody with the canary everywhere, who asked to be erased."""

    record: Candidate
    case: str
    due: datetime


def _read_document(original: StoredFile, at: datetime) -> None:
    """As the worker does it, but for the child process, which takes longer than all else that a bird needs."""
    with open_file(original) as content:
        made = [Part(head, piece) for head, piece in reading.answer(content.read(), original.kind)]
    derive._keep(original, made, at)


def sing(number: int, at: datetime, position: Position, recruiter: User) -> Bird:
    """Make such a person, who asks for their erasure at ``at`` and is due a day later.

    Where the files are in a bucket there are an old version, a delete marker and an unfinished upload as well.
    """
    word, then, actor = f"{CANARY}{number}", at - HOUR, staff(recruiter.pk)
    sent = people.application(
        then,
        position,
        name=f"Aino {word}",
        email=f"{word}@example.org",
        cv=pdf(f"The CV of {word}"),
        cv_name=f"{word}.pdf",
        phone=f"+358 {PHONE} {word}",
        cover_letter=f"Dear {word}",
        skills=word,
        interests=word.upper(),
        links=[(LinkKind.OTHER, f"https://{word}.example.org")],
    )
    person = sent.candidate
    _read_document(StoredFile.objects.get(owner_ref=person.pk), then)
    assert index_documents() == 1
    add_note(person.pk, text=word, actor=actor, at=then)
    record_interaction(person.pk, kind=InteractionKind.CALL, occurred_at=then, text=word, actor=actor, at=then)
    move_application(sent.pk, to_stage=Stage.REJECTED, actor=actor, at=then)
    move_application(sent.pk, to_stage=Stage.IN_REVIEW, actor=actor, at=then, reason=word)
    ApplicationDraft.objects.create(
        token_hash=person.pk.bytes * 2,
        submission_key=uuid4(),
        candidate_ref=person.pk,
        answers={"name": word},
        created_at=then,
        expires_at=then + DAY,
    )
    create_link(LinkPurpose.SIGN_IN, address=f"{word}@example.org", language="en", lifetime=30 * DAY, at=then)
    start_session(f"{word}@example.org", at=then)
    record_access(Access.VIEWED, at=then, actor=actor, subject_refs=[person.pk])
    LogEntry.objects.create(
        user=recruiter,
        content_type=ContentType.objects.get_for_model(Candidate),
        object_id=str(person.pk),
        object_repr=word,
        action_flag=CHANGE,
    )
    if hasattr(storages["files"], "bucket_name"):
        _leave_more_in_the_bucket(StoredFile.objects.get(owner_ref=person.pk, made_of=None).key, word)
    case = request_erasure(person.person_ref, actor=candidate(person.person_ref), at=at)
    person.refresh_from_db()
    assert case is not None
    assert person.erase_after is not None
    return Bird(person, case, person.erase_after)


def _leave_more_in_the_bucket(key: str, word: str) -> None:
    client, bucket = storages["files"]._client, s3.BUCKETS[0]  # type: ignore[attr-defined]
    client.put_object(Bucket=bucket, Key=key, Body=f"a second version of {word}".encode())
    client.delete_object(Bucket=bucket, Key=key)
    client.create_multipart_upload(Bucket=bucket, Key=f"{key}-unfinished")


class Search:
    """Looks for texts in all objects; each version is read once, for it never changes."""

    def __init__(self) -> None:
        self._contents: dict[tuple[str, str, str], bytes] = {}

    def objects_with(self, *needles: str) -> list[str]:
        """The objects of both stores, each version and unfinished upload for itself, that hold one of the texts."""
        words = [needle.lower().encode() for needle in needles]
        found = [
            f"{alias}: {key}"
            for alias in ("files", "ledger")
            for key, content in self._objects(alias)
            if any(word in f"{key} ".encode() + content.lower() for word in words)
        ]
        return sorted(found)

    def hits(self, *logs: Path) -> list[str]:
        """Where anything of such a person is: tables, objects, the portal's own folders and these logs."""
        tables = [f"table {name}" for name in sorted(sweep.tables_with(CANARY, PHONE))]
        kept = [path for path in (*sorted(Path(settings.TEST_FOLDER).rglob("*")), *logs) if path.is_file()]
        words = [word.encode() for word in (CANARY, PHONE)]
        files = [f"file {path}" for path in kept if any(word in path.read_bytes().lower() for word in words)]
        return [*tables, *self.objects_with(CANARY, PHONE), *files]

    def _objects(self, alias: str) -> Iterator[tuple[str, bytes]]:
        store: Any = storages[alias]
        if not hasattr(store, "bucket_name"):
            yield from sweep._objects(store)
            return
        client, bucket = store._client, store.bucket_name
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for item in page.get("Versions", []):
                where = (alias, item["Key"], item["VersionId"])
                if where not in self._contents:
                    answer = client.get_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
                    self._contents[where] = answer["Body"].read()
                yield item["Key"], self._contents[where]
            yield from ((item["Key"], b"") for item in page.get("DeleteMarkers", []))
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            yield from ((item["Key"], b"") for item in page.get("Uploads", []))
