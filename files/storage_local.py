"""Objects as files in a folder, for dev.py and the tests. The same methods as the bucket has, and no ``path``."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, NoReturn

from django.core.files.storage import FileSystemStorage

from files.errors import StoreError
from files.listing import Listed, Unfinished

PART = ".part-"
"""What the name of a file holds that is being written."""


def _files(folder: Path) -> Iterator[Path]:
    """Every file below a folder; what another process takes away meanwhile is not there."""
    for place, _, names in os.walk(folder):
        for name in names:
            yield Path(place, name)


def _open_new(path: Path) -> BinaryIO:
    """A new file, and its folder if need be; another process may remove the folder while it is empty."""
    for _ in range(10):
        with suppress(FileNotFoundError, FileExistsError):  # the folder went while it was looked at
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))
    raise FileNotFoundError(path)


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those in it, as far as they are empty; another process may have done so, or have written."""
    for place, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            Path(place).rmdir()


class LocalObjectStorage(FileSystemStorage):
    """A folder that behaves like a private bucket without versions."""

    def path(self, name: str) -> NoReturn:
        """Refuse: what works by path here would fail with a bucket."""
        raise NotImplementedError("objects have no path")

    def _file(self, key: str) -> Path:
        return Path(self._place(key))

    def _place(self, key: str) -> str:
        if key.startswith("/") or not key.strip("/") or ".." in key.split("/"):
            raise ValueError("a key outside the store")
        return f"{self.location}/{key}"

    def put_new(self, key: str, content: BinaryIO) -> None:
        """Write an object that must not exist yet.

        Raises FileExistsError if it does, StoreError where what is below its prefix was purged while it was written.
        """
        path = self._file(key)
        part = path.with_name(f"{path.name}{PART}{os.getpid()}-{os.urandom(4).hex()}")
        try:
            with _open_new(part) as target:
                shutil.copyfileobj(content, target)
                target.flush()
                os.fsync(target.fileno())
            os.link(part, path)  # fails where the object exists
        except FileNotFoundError as error:
            raise StoreError("purged while it was written") from error
        finally:
            part.unlink(missing_ok=True)

    def open_object(self, key: str) -> IO[bytes]:
        """Open an object for reading. Raises FileNotFoundError."""
        return self._file(key).open("rb")

    def signed_link(self, key: str, *, name: str, content_type: str) -> None:
        """There is no link to a file in a folder; the caller streams it."""
        return

    def purge_prefixes(self, prefixes: Iterable[str]) -> int:
        """Delete everything below the prefixes; returns the number of objects."""
        count = 0
        for folder in self._folders(prefixes):
            for file in _files(folder):
                file.unlink(missing_ok=True)
                count += 1
            _remove_empty(folder)
        return count

    def _folders(self, prefixes: Iterable[str]) -> Iterator[Path]:
        """The folders of these prefixes that are there; most are not when many people are erased."""
        places = (self._place(prefix.rstrip("/")) for prefix in prefixes)
        return (Path(place) for place in places if os.path.isdir(place))  # noqa: PTH112 (a Path for each is slow)

    def purge_keys(self, keys: Iterable[str]) -> int:
        """Delete these objects; one that is not there is no error. Returns the number deleted."""
        count = 0
        for key in keys:
            path = self._file(key)
            count += path.exists()
            path.unlink(missing_ok=True)
            with suppress(OSError):  # it is not empty, or gone already
                path.parent.rmdir()
        return count

    def remaining(self, prefixes: Iterable[str]) -> int:
        """How many objects are left below the prefixes."""
        return sum(1 for folder in self._folders(prefixes) for _ in _files(folder))

    def list_keys(self, prefix: str = "") -> list[str]:
        """Every key below a prefix, in order."""
        root = Path(self.location).resolve()
        folder = self._file(prefix) if prefix else root
        return sorted(str(file.relative_to(root)) for file in _files(folder.resolve()))

    # Reconciliation: the whole folder in one pass

    def list_objects(self) -> Iterator[Listed]:
        """Every key in order. A folder keeps no versions, so nothing lies behind an object."""
        for key, written_at in self._walk(Path(self.location).resolve()):
            if PART not in key:
                yield Listed(key, is_current=True, written_at=written_at)

    def list_unfinished(self) -> Iterator[Unfinished]:
        """Files that a process began to write and left."""
        for key, written_at in self._walk(Path(self.location).resolve()):
            if PART in key:
                yield Unfinished(key, "", written_at)

    def _walk(self, folder: Path, prefix: str = "") -> Iterator[tuple[str, datetime]]:
        """Every file in the order of keys, which is not that of folders: "a-b/" comes before "a/"."""
        entries: Iterable[os.DirEntry[str]] = []
        with suppress(FileNotFoundError):
            entries = list(os.scandir(folder))
        for entry in sorted(entries, key=lambda entry: f"{entry.name}/" if entry.is_dir() else entry.name):
            if entry.is_dir():
                yield from self._walk(Path(entry.path), f"{prefix}{entry.name}/")
                continue
            try:
                written_at = datetime.fromtimestamp(entry.stat().st_mtime, UTC)
            except FileNotFoundError:
                continue
            yield f"{prefix}{entry.name}", written_at

    def end_unfinished(self, uploads: Iterable[Unfinished]) -> int:
        """Delete what was left half-written. Returns how many were asked for."""
        keys = [upload.key for upload in uploads]
        self.purge_keys(keys)
        return len(keys)

    def has_object(self, key: str) -> bool:
        """Whether a key has an object now."""
        return self._file(key).is_file()

    def purge_old_versions(self, keys: Iterable[str]) -> int:
        """There are none; returns 0."""
        return 0
