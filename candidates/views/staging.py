"""The files of an application that is being written: staged, shown, replaced, taken out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.forms import Form
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from candidates.forms.apply import FILE_FIELDS
from candidates.models import ApplicationDraft
from common import limits
from files.enums import Refusal
from files.errors import FileRefused, StoreError
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
}
CHOOSE_AGAIN = _("The file is no longer here. Choose it again; everything else is kept")
TOO_MANY = _(
    "Too many files were sent from here today. Try again tomorrow, or send the application with a link instead"
)
NOT_STORED = _("The file could not be stored just now. Choose it again in a moment; everything else is kept")


class Staging:
    """The staged files of a draft, and what was wrong with those that were not taken."""

    def __init__(self, at: datetime, draft: ApplicationDraft | None) -> None:
        self.at = at
        self.draft = draft
        self.errors: dict[str, str | Promise] = {}
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

    def remove(self, names: list[str]) -> None:
        """Take out what the person does not want to send: ``field:id``."""
        for value in names:
            name, _colon, pk = value.partition(":")
            rows = self._files.get(name, [])
            gone = [stored for stored in rows if str(stored.pk) == pk]
            if self.draft and gone:
                discard_staged(self.draft.candidate_ref, [stored.pk for stored in gone], at=self.at)
            self._files[name] = [stored for stored in rows if stored not in gone]

    def take(self, files: MultiValueDict[str, UploadedFile[Any]], prefix: str) -> None:
        """Stage what was sent; a new CV or letter takes the place of the one before."""
        for name in FILE_FIELDS:
            for upload in files.getlist(name):
                self.errors.pop(name, None)
                self._take_one(name, upload, prefix)

    def _take_one(self, name: str, upload: UploadedFile[Any], prefix: str) -> None:
        assert self.draft is not None
        if (upload.size or 0) > settings.FILE_MAX_BYTES:
            self.errors[name] = MESSAGES[Refusal.TOO_BIG]
            return
        if isinstance(upload, UnkeptFile):
            self.errors[name] = NOT_STORED
            return
        if not self._within_limits(prefix, upload.size or 0):
            self.errors[name] = TOO_MANY
            return
        try:
            stored = stage_file(
                cast(BinaryIO, upload.file), name=upload.name or "", owner_ref=self.draft.candidate_ref, at=self.at
            )
        except FileRefused as refused:
            self.errors[name] = MESSAGES[refused.reason]
            return
        except (StoreError, OSError):  # the disk of a local store may be full
            self.errors[name] = NOT_STORED
            return
        before = self._files.get(name, [])
        if name != "other_file":
            discard_staged(self.draft.candidate_ref, [row.pk for row in before], at=self.at)
            before = []
        self._files[name] = [*before, stored]

    def _within_limits(self, prefix: str, size: int) -> bool:
        count = sum(len(rows) for rows in self._files.values())
        day = timedelta(days=1)
        return (
            count < settings.FILES_PER_APPLICATION
            and limits.take("files", prefix, limit=settings.FILES_PER_DAY_AND_PREFIX, window=day, at=self.at)
            and limits.take(
                "bytes", prefix, limit=settings.BYTES_PER_DAY_AND_PREFIX, window=day, at=self.at, amount=size
            )
        )

    def add_errors(self, form: Form) -> None:
        """Put what was wrong beside the inputs, in place of "choose a file"."""
        for name, message in self.errors.items():
            form.errors.pop(name, None)
            form.add_error(name, str(message))
