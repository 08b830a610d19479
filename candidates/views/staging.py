"""The files of an application that is being written: staged, shown, replaced, taken out."""

from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.forms import Form
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from candidates.forms.apply import FILE_FIELDS, FILE_KINDS
from candidates.models import ApplicationDraft
from candidates.views.quotas import file_problem
from files.direct import StillChecking, UploadForm, expect_file, take_file
from files.enums import MediaKind, Refusal
from files.errors import CheckerBusy, FileRefused, StoreError
from files.models import StoredFile
from files.services import discard_staged, stage_file, staged_files
from files.uploads import UnkeptFile

MESSAGES: dict[str, "Promise | str"] = {
    Refusal.EMPTY: _("The file is empty. Choose another one"),
    Refusal.TOO_BIG: _("The file is larger than 10 MB. Make it smaller, for example with fewer pictures"),
    Refusal.WRONG_TYPE: _("The file is not a PDF, DOCX or ODT. Save it as one of these and choose it again"),
    Refusal.LEGACY_FORMAT: _("This is an old or plain format. Save the document as PDF and choose it again"),
    Refusal.ENCRYPTED: _("The file is protected by a password. Save it without a password and choose it again"),
    Refusal.DAMAGED: _("The file is damaged and cannot be opened. Export it anew and choose it again"),
    Refusal.UNPACKS_TOO_BIG: _("The file unpacks to far more than a document holds. Export it as PDF"),
    Refusal.ACTIVE_CONTENT: _("The file holds a macro, a script or a program. Save it as a plain PDF"),
    Refusal.PICTURE: _(
        "This is a picture. A CV or a cover letter must be PDF, DOCX or ODT: put the picture into a document, "
        "and choose that"
    ),
    Refusal.TOO_MANY_PIXELS: _("The picture has more than 40 million pixels. Make it smaller and choose it again"),
    Refusal.TOO_COMPLEX: _("The file could not be checked within the limits. Export it as a plain PDF"),
}
NO_DOCUMENT_AND_NO_PICTURE = _(
    "The file is not a PDF, DOCX, ODT, PNG or JPEG. Save it as one of these and choose it again"
)
CHOOSE_AGAIN = _("The file is no longer here. Choose it again; everything else is kept")
TOO_MANY = _("An application has at most %(count)d files. Take one out, or send the others with another application")
BUSY = _("The server is checking other files just now. Choose it again in a moment; everything else is kept")
NOT_CHECKED = _("The file is here but could not be checked just now. Continue again in a moment; everything is kept")
NOT_STORED = _("The file could not be stored just now. Choose it again in a moment; everything else is kept")

UPLOAD_SALT = "candidates.upload"


def explain(reason: str, field: str) -> "Promise | str":
    """What a person is told whose file was refused for ``reason`` (a ``Refusal``) by the input ``field``."""
    if reason == Refusal.WRONG_TYPE and MediaKind.PNG in FILE_KINDS[field]:
        return NO_DOCUMENT_AND_NO_PICTURE
    return MESSAGES[reason]


def keep_upload(
    upload: UploadedFile[Any], field: str, *, owner_ref: UUID, prefix: str, email: str, at: datetime, full: str = ""
) -> "StoredFile | Promise | str":
    """Check and stage a file that came with a form by the input ``field``; otherwise say in words why not.

    ``prefix`` is where the request comes from and ``email`` an address: both have a quota for the day. ``full`` is what
    is said where no file more may come.
    """
    size = upload.size or 0
    if size > settings.FILE_MAX_BYTES:
        return MESSAGES[Refusal.TOO_BIG]
    if isinstance(upload, UnkeptFile):
        return NOT_STORED
    if problem := full or file_problem(prefix, owner_ref, email, size, at=at):
        return problem
    content, kinds = cast(BinaryIO, upload.file), FILE_KINDS[field]
    try:
        return stage_file(content, name=upload.name or "", owner_ref=owner_ref, at=at, kinds=kinds)
    except FileRefused as refused:
        return explain(refused.reason, field)
    except CheckerBusy:
        return BUSY
    except (StoreError, OSError):  # the disk of a local store may be full
        return NOT_STORED


class Staging:
    """The staged files of a draft, and what was wrong with those that were not taken."""

    def __init__(self, at: datetime, draft: ApplicationDraft | None) -> None:
        self.at = at
        self.draft = draft
        self.errors: dict[str, str | Promise] = {}
        self.waiting: dict[str, str] = {}
        self._files = self._load()

    def _load(self) -> dict[str, list[StoredFile]]:
        if self.draft is None:
            return {}
        wanted: dict[str, list[str]] = self.draft.files
        ids = [UUID(pk) for pk in chain.from_iterable(wanted.values())]
        found = {str(stored.pk): stored for stored in staged_files(self.draft.candidate_ref, ids, at=self.at)}
        return {name: [found[pk] for pk in ids if pk in found] for name, ids in wanted.items() if name in FILE_FIELDS}

    def by_field(self) -> dict[str, list[StoredFile]]:
        """The files that are here, by the name of their input."""
        return {name: rows for name, rows in self._files.items() if rows}

    def ids(self) -> dict[str, list[str]]:
        """The same as ids, for the draft."""
        return {name: [str(stored.pk) for stored in rows] for name, rows in self.by_field().items()}

    def expect(self, posted: Mapping[str, Any]) -> None:
        """An input that showed a file which is not here any more is an error: no application loses its CV unseen."""
        for name in FILE_FIELDS:
            if posted.get(f"{name}_staged") and not self._files.get(name):
                self.errors[name] = CHOOSE_AGAIN

    def announce(self, name: str, file_name: str, size: int, prefix: str, email: str) -> tuple[str, UploadForm] | None:
        """Let the browser send a file straight to the bucket; returns what the form will carry for it, and where the
        file goes. None where it may not come; why stands in ``errors``.
        """
        assert self.draft is not None
        if self._is_full(name):
            self.errors[name] = TOO_MANY % {"count": settings.FILES_PER_APPLICATION}
            return None
        if problem := file_problem(prefix, self.draft.candidate_ref, email, size, at=self.at):
            self.errors[name] = problem
            return None
        try:
            stored, form = expect_file(owner_ref=self.draft.candidate_ref, name=file_name, size=size, at=self.at)
        except FileRefused as refused:
            self.errors[name] = explain(refused.reason, name)
            return None
        return signing.dumps([name, str(stored.pk)], salt=UPLOAD_SALT), form

    def take_announced(self, posted: Mapping[str, Any]) -> None:
        """Stage what the browser has sent to the bucket. A form that is sent twice changes nothing the second time."""
        for name in FILE_FIELDS:
            if token := posted.get(f"{name}_direct"):
                self._take_announced(name, token)

    def keep_announced(self, posted: Mapping[str, Any]) -> None:
        """Look at nothing now: what the browser has sent to the bucket waits until the form is sent again."""
        self.waiting = {name: posted[key] for name in FILE_FIELDS if posted.get(key := f"{name}_direct")}

    def _take_announced(self, name: str, token: str) -> None:
        try:
            meant_for, pk = signing.loads(token, salt=UPLOAD_SALT)
        except signing.BadSignature:
            meant_for = pk = None
        if pk in {str(stored.pk) for stored in self._files.get(name, [])}:
            return
        self.errors.pop(name, None)
        if self.draft is None or meant_for != name:
            self.errors[name] = CHOOSE_AGAIN
        elif self._is_full(name):
            self.errors[name] = TOO_MANY % {"count": settings.FILES_PER_APPLICATION}
        else:
            self._check_announced(name, UUID(pk), token)

    def _check_announced(self, name: str, pk: UUID, token: str) -> None:
        assert self.draft is not None
        try:
            ref, kinds = self.draft.candidate_ref, FILE_KINDS[name]
            self._keep(name, take_file(pk, owner_ref=ref, at=self.at, kinds=kinds))
        except FileRefused as refused:
            self.errors[name] = explain(refused.reason, name)
        except FileNotFoundError:
            self.errors[name] = CHOOSE_AGAIN
        except (StillChecking, CheckerBusy, StoreError):
            self.errors[name] = NOT_CHECKED
            self.waiting[name] = token

    def remove(self, names: list[str]) -> None:
        """Take out what the person does not want to send: ``field:id``."""
        for value in names:
            name, _colon, pk = value.partition(":")
            rows = self._files.get(name, [])
            gone = [stored for stored in rows if str(stored.pk) == pk]
            if self.draft and gone:
                discard_staged(self.draft.candidate_ref, [stored.pk for stored in gone], at=self.at)
            self._files[name] = [stored for stored in rows if stored not in gone]

    def take(self, files: MultiValueDict[str, UploadedFile[Any]], prefix: str, email: str) -> None:
        """Stage what was sent; a new CV or letter takes the place of the one before.

        ``prefix`` is where the request comes from and ``email`` what was typed: both have a quota for the day.
        """
        for name in FILE_FIELDS:
            for upload in files.getlist(name):
                self.errors.pop(name, None)
                self._take_one(name, upload, prefix, email)

    def _take_one(self, name: str, upload: UploadedFile[Any], prefix: str, email: str) -> None:
        assert self.draft is not None
        full = TOO_MANY % {"count": settings.FILES_PER_APPLICATION} if self._is_full(name) else ""
        ref = self.draft.candidate_ref
        kept = keep_upload(upload, name, owner_ref=ref, prefix=prefix, email=email, at=self.at, full=full)
        if isinstance(kept, StoredFile):
            self._keep(name, kept)
        else:
            self.errors[name] = kept

    def _keep(self, name: str, stored: StoredFile) -> None:
        assert self.draft is not None
        before = self._files.get(name, [])
        if name != "other_file":
            discard_staged(self.draft.candidate_ref, [row.pk for row in before], at=self.at)
            before = []
        self._files[name] = [*before, stored]

    def _is_full(self, name: str) -> bool:
        """Whether one file more would be too many; what it takes the place of does not count."""
        stays = sum(len(rows) for field, rows in self._files.items() if field != name or name == "other_file")
        return stays >= settings.FILES_PER_APPLICATION

    def add_errors(self, form: Form) -> None:
        """Put what was wrong beside the inputs, in place of "choose a file"."""
        for name, message in self.errors.items():
            form.errors.pop(name, None)
            form.add_error(name, str(message))
