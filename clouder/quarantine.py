"""Quarantine: after a restore the portal serves nothing, mails nothing and works on nothing until the replay has run.

A restored database has brought back people who were erased and consents that were withdrawn. One page shown from it,
one reminder mailed, one run of a worker would undo what was promised. So each process asks, before it does anything,
whether the ledger knows more than the database (``privacy.services.replay.is_needed``), and again every 30 seconds.

A ledger that does not answer is no reason to take a sound site down: pages go on by the last answer. Work does not:
what destroys and what mails waits until the ledger has answered, and is found by the next sweep. A process that never
had an answer serves nothing, for starting without one must be impossible.
"""

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from celery import Task
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from files.errors import StoreError

ASK_EVERY = 30.0
ASK_AGAIN_AFTER = 5.0
"""Seconds between two questions to the ledger; the second where it did not say that all is sound."""
RETRY_AFTER = 300
OPEN_TO_ALL = {"/healthz"}
REASON = (
    "The database was restored and 'ledger replay --execute' has not run, or the ledger does not answer, or the "
    "database."
)

log = logging.getLogger(__name__)


class Answer(Enum):
    """What the ledger last said."""

    SOUND = "SOUND"
    RESTORED = "RESTORED"
    NONE = "NONE"


class _Watch:
    """The last answer of the ledger in this process, and the last one that was an answer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.has_thread = True
        self.forget()

    def forget(self) -> None:
        """Be as in a process that has just begun."""
        self.answer = self.last_answer = Answer.NONE
        self.ask_at = 0.0

    def remember(self, answer: Answer) -> None:
        """Take an answer for the next seconds."""
        self.answer = answer
        if answer is not Answer.NONE:
            self.last_answer = answer
        self.ask_at = time.monotonic() + (ASK_EVERY if answer is Answer.SOUND else ASK_AGAIN_AFTER)

    def look(self, *, may_wait: bool) -> None:
        """Ask the ledger if it is time; while one thread asks, the others go by what was said last.

        Where there was an answer before and the caller may not wait, as a page must not for a bucket that hangs, a
        thread of its own asks.
        """
        if time.monotonic() < self.ask_at:
            return
        is_first = self.last_answer is Answer.NONE
        if not self.lock.acquire(blocking=is_first):
            return
        if may_wait or is_first or not self.has_thread:
            self._ask_and_release()
        else:
            threading.Thread(target=self._ask_elsewhere, name="quarantine", daemon=True).start()

    def _ask_and_release(self) -> None:
        try:
            if time.monotonic() >= self.ask_at:
                self.remember(_ask())
        finally:
            self.lock.release()

    def _ask_elsewhere(self) -> None:
        try:
            self._ask_and_release()
        finally:
            connection.close()


watch = _Watch()


def _ask() -> Answer:
    from privacy.services import replay  # noqa: PLC0415 (Celery loads this module before the apps are ready)

    try:
        is_needed = replay.is_needed()
    except (StoreError, OSError, DatabaseError) as error:
        log.warning("the ledger does not answer: %s", type(error).__name__)
        return Answer.NONE
    if is_needed:
        log.error("the database was restored: nothing is served, mailed or done until 'ledger replay' has run")
    return Answer.RESTORED if is_needed else Answer.SOUND


def may_serve() -> bool:
    """Whether pages may be shown: the ledger's last answer was that all is sound."""
    watch.look(may_wait=False)
    return watch.last_answer is Answer.SOUND


def may_work() -> bool:
    """Whether mail may be sent and work be done: the ledger answers, and says that all is sound."""
    watch.look(may_wait=True)
    return watch.answer is Answer.SOUND


class QuarantineMiddleware:
    """Answers 503 with one page in both languages while the portal is in quarantine; ``/healthz`` is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, or answer it here."""
        if request.path in OPEN_TO_ALL or may_serve():
            return self.get_response(request)
        if request.path == "/readyz":
            response: HttpResponse = JsonResponse({"quarantine": True}, status=503)
        else:
            context = {"controller": settings.CONTROLLER, "languages": [code for code, _ in settings.LANGUAGES]}
            response = HttpResponse(render_to_string("errors/quarantine.html", context), status=503)
        response["Retry-After"] = str(RETRY_AFTER)
        return response


class GuardedTask(Task):  # type: ignore[type-arg]
    """The base of every task: it does nothing in quarantine or with a wrong clock, and the sweep comes again.

    A worker whose clock is ahead would erase too early, end what has not ended and date what it writes wrongly.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, or leave it to a later sweep. Raises ClockDiffers where this clock is not the database's."""
        from common import clock  # noqa: PLC0415 (Celery loads this module before the apps are ready)
        from privacy.services.guard import check_clock  # noqa: PLC0415

        if not may_work():
            log.warning("%s was not run: the portal is in quarantine or its ledger does not answer", self.name)
            return None
        check_clock(clock.now(), clock.database_now())
        return super().__call__(*args, **kwargs)
