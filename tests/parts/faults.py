"""Counting what a worker asks of the world outside, and killing it before or after one of those calls.

Outside are the database, the bucket and the mail server. Only a child process of the tests uses this (parts/forks.py);
nothing of it exists in the product.
"""

import os
import signal
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.storage import storages
from django.db import connection

BEFORE, AFTER = "before", "after"


class Calls:
    """The calls of this process, numbered from 1; it kills itself before or after the one numbered ``place``.

    So it does before it deletes an object whose key holds ``deadly``, as one that is killed for what it read.
    Every call is said on ``told`` before it is made, so that a process that is killed has said what it was about to do.
    """

    def __init__(self, told: int, moment: str = "", place: int = 0, deadly: str = "") -> None:
        self.told = told
        self.moment = moment
        self.place = place
        self.deadly = deadly
        self.count = 0

    def begin(self, label: str) -> int:
        """Something is about to be asked; returns its number. A call may make others, as connecting does."""
        self.count += 1
        os.write(self.told, f"{label}\n".encode())
        self._die_if_told(BEFORE, self.count)
        return self.count

    def end(self, number: int) -> None:
        """It was answered, whatever the answer."""
        self._die_if_told(AFTER, number)

    def _die_if_told(self, moment: str, number: int) -> None:
        if (self.moment, self.place) == (moment, number):
            _die()

    @contextmanager
    def around(self, label: str) -> Iterator[None]:
        """One call."""
        number = self.begin(label)
        try:
            yield
        finally:
            self.end(number)

    def watch(self) -> None:
        """Count from now on what this process asks of the database, both buckets and the mail server."""
        self._watch_database()
        for alias in ("files", "ledger"):
            self._watch_bucket(alias)
        for name in ("connect", "sendmail", "quit"):
            self._wrap(smtplib.SMTP, name, f"mail {name}")

    def _watch_database(self) -> None:
        def execute(run: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
            with self.around(f"database {str(sql).split(maxsplit=1)[0]}"):
                return run(sql, params, many, context)

        connection.execute_wrappers.append(execute)
        self._wrap(connection, "_commit", "database COMMIT")  # it passes by no cursor
        self._wrap(connection, "connect", "database connect")

    def _watch_bucket(self, alias: str) -> None:
        events = storages[alias]._client.meta.events  # type: ignore[attr-defined]
        # A handler that answered something would be taken for the bucket.
        events.register("before-call.s3", lambda model, **_: self._begin_request(f"{alias} {model.name}"))
        events.register("before-call.s3.DeleteObjects", self._die_of)
        events.register("after-call.s3", lambda **_: self.end(self.count))
        events.register("after-call-error.s3", lambda **_: self.end(self.count))

    def _begin_request(self, label: str) -> None:
        self.begin(label)

    def _die_of(self, params: dict[str, Any], **_: Any) -> None:
        if self.deadly and self.deadly in str(params["body"]):
            _die()

    def _wrap(self, owner: Any, name: str, label: str) -> None:
        whole = getattr(owner, name)

        def wrapped(*arguments: Any, **options: Any) -> Any:
            with self.around(label):
                return whole(*arguments, **options)

        setattr(owner, name, wrapped)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
