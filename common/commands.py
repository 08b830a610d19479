"""What every management command of the portal shares: one answer on stdout, and exit codes that a script can read.

0 done · 1 failed · 2 usage · 4 partly (some items failed, listed) · 75 another run holds the lock
"""

import json
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from policy.calendar import HELSINKI

FAILED, USAGE, PARTLY, LOCKED = 1, 2, 4, 75


class Answer:
    """The one document that a command prints."""

    def __init__(self, command: str, *, is_dry: bool, at: datetime) -> None:
        self.command = command
        self.is_dry = is_dry
        self.at = at
        self.counts: dict[str, int] = {}
        self.items: list[Any] = []
        self.errors: list[Any] = []
        self._began = time.monotonic()

    def as_json(self) -> str:
        """The document as JSON; items hold ids only."""
        return json.dumps(
            {
                "command": self.command,
                "dry_run": self.is_dry,
                "started": self.at.isoformat(),
                "seconds": round(time.monotonic() - self._began, 3),
                "counts": self.counts,
                "items": self.items,
                "errors": self.errors,
            },
            default=str,
        )

    def as_text(self) -> str:
        """The document for people."""
        lines = [" ".join(str(value) for value in item.values()) for item in self.items]
        lines += [f"error: {error}" for error in self.errors]
        counts = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        hint = " (dry run: nothing was done; --execute does it)" if self.is_dry else ""
        return "\n".join([*lines, f"{self.command}: {counts or 'nothing to do'}{hint}"])

    def exit(self) -> None:
        """End the command with the code for what happened."""
        if self.errors:
            sys.exit(PARTLY if any(self.counts.values()) else FAILED)


def instant(text: str) -> datetime:
    """An instant from the command line: ISO, in Helsinki time unless it names another offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is not an instant such as 2027-03-16 or 2027-03-16T00:00") from error
    return (at if at.tzinfo else at.replace(tzinfo=HELSINKI)).astimezone(UTC)


@contextmanager
def only_one(number: int, what: str) -> Iterator[None]:
    """Hold a lock of the database while the command runs. Raises CommandError (75) where another run holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        row = cursor.fetchone()
        if not row or not row[0]:
            raise CommandError(f"another {what} is running", returncode=LOCKED)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
