"""Reading uploads without keeping what is too big (ASVS 5.2.1), and without losing a form to a full disk."""

from contextlib import suppress
from io import BytesIO
from typing import Any, NoReturn

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest


class UnkeptFile(UploadedFile[Any]):
    """A file that was sent and could not be kept, since the disk is full; it is empty, ``size`` is what was sent."""


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Keeps a file up to the limit; of a bigger one only that it was too big, and of one for which the disk has no room
    only that it was sent, while the text around it is read on.
    """

    file: UploadedFile[Any]  # type: ignore[assignment]

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.kept = 0
        self.is_too_big = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the next file."""
        self.kept, self.is_too_big = 0, False
        try:
            super().new_file(*args, **kwargs)
        except OSError:
            self.file = self._unkept()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a chunk, or drop what was kept once the limit is passed or the disk is full."""
        self.kept += len(raw_data)
        if isinstance(self.file, UnkeptFile) or self.is_too_big:
            return
        self.is_too_big = self.kept > settings.FILE_MAX_BYTES
        try:
            if self.is_too_big:
                self.file.truncate(0)
            else:
                self.file.write(raw_data)
        except OSError:
            self._drop()

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        """The file; ``size`` is what was sent, whether or not it was kept."""
        try:
            self.file.seek(0)  # writes what waits in memory
        except OSError:
            self._drop()
        self.file.size = self.kept
        return self.file

    def upload_interrupted(self) -> None:
        """Let go of a file whose rest will not come."""
        if hasattr(self, "file"):
            self._drop()

    def _drop(self) -> None:
        with suppress(OSError):  # it tries once more to write what waits in memory, and is gone all the same
            self.file.close()
        self.file = self._unkept()

    def _unkept(self) -> UnkeptFile:
        return UnkeptFile(BytesIO(), self.file_name, self.content_type, self.kept, self.charset)


def is_request_too_big(request: HttpRequest) -> bool:
    """Whether the request says that it is larger than all files of one form may be together."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return True
    return length > settings.REQUEST_MAX_BYTES


def use_capped_uploads(request: HttpRequest) -> None:
    """Make this request's files pass through the cap; to be called before its form is read."""
    request.upload_handlers = [CappedUploadHandler(request)]


class DroppingUploadHandler(FileUploadHandler):
    """Keeps no file, while the text around it is read."""

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Leave the file out."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep nothing; never called for a file that is left out."""

    def file_complete(self, file_size: int) -> None:
        """There is none."""


def drop_uploads(request: HttpRequest) -> None:
    """Read this request's text and none of its files; to be called before its form is read."""
    request.upload_handlers = [DroppingUploadHandler(request)]
