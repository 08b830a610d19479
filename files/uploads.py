"""Reading uploads without keeping what is too big (ASVS 5.2.1)."""

from typing import Any, NoReturn

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Keeps a file up to the limit; of a bigger one only that it was too big, while the text around it is read on."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.kept = 0
        self.is_too_big = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the next file."""
        super().new_file(*args, **kwargs)
        self.kept, self.is_too_big = 0, False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a chunk, or drop what was kept once the limit is passed."""
        self.kept += len(raw_data)
        if self.kept <= settings.FILE_MAX_BYTES:
            super().receive_data_chunk(raw_data, start)
        elif not self.is_too_big:
            self.is_too_big = True
            self.file.truncate(0)

    def file_complete(self, file_size: int) -> TemporaryUploadedFile:
        """The file; ``size`` is what was sent, whether or not it was kept."""
        self.file.seek(0)
        self.file.size = self.kept
        return self.file


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
