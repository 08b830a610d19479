"""The data folder of one set of parts: who holds it, its secrets, and what its holder tells later comers.

The holder is whoever has the lock on FOLDER/lock. The kernel gives it back when the holder dies, however it dies, so
there is no stale lock; the files beside it may be stale, and only count together with a living holder.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

LOCK = "lock"
ENVIRONMENT = "environment.json"
# A temporary folder is made a moment before it is locked; one this old and not locked was left by a killed run.
ABANDONED_SECONDS = 3600


class Folder:
    """A data folder, closed to other users."""

    def __init__(self, path: Path) -> None:
        """Make the folder where it is missing."""
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path.resolve()
        self._lock: int | None = None

    @classmethod
    def temporary(cls, prefix: Path) -> "Folder":
        """A new folder named `prefix`-RANDOM; removes those that killed runs left."""
        prefix.parent.mkdir(parents=True, exist_ok=True)
        for left in prefix.parent.glob(f"{prefix.name}-*"):
            if left.is_dir() and time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                abandoned = cls(left)
                if abandoned.acquire():
                    abandoned.remove()
        return cls(Path(tempfile.mkdtemp(prefix=f"{prefix.name}-", dir=prefix.parent)))

    def acquire(self) -> bool:
        """Become the holder; false when another process is it."""
        lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        self.withdraw()
        return True

    def release(self) -> None:
        """Stop being the holder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def empty(self) -> None:
        """Remove everything but the lock, which the holder (only) has open."""
        for entry in self.path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != LOCK:
                entry.unlink()

    def remove(self) -> None:
        """Remove the folder; only for its holder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()

    def secret(self, name: str) -> str:
        """The random secret kept in this file, made on first use; only for the holder."""
        path = self.path / name
        if not path.exists():
            self._write(path, secrets.token_urlsafe(48) + "\n")
        return path.read_text().strip()

    def publish(self, environment: dict[str, str]) -> None:
        """Tell later comers how to reach the parts; only for the holder."""
        self._write(self.path / ENVIRONMENT, json.dumps({"holder": os.getpid(), "environment": environment}, indent=1))

    def withdraw(self) -> None:
        """Stop inviting later comers, who would lose the parts at once; only for the holder."""
        (self.path / ENVIRONMENT).unlink(missing_ok=True)

    def published(self) -> dict[str, str] | None:
        """What a living holder has published; None while it has not, or when it is gone."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads((self.path / ENVIRONMENT).read_text())
            os.kill(int(content["holder"]), 0)
            return {str(key): str(value) for key, value in content["environment"].items()}
        return None

    def _write(self, path: Path, text: str) -> None:
        """Write in one step and for our eyes only: a kill leaves the old file or the new one."""
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        draft.rename(path)
