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
from django.db import DatabaseError
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

    def look(self) -> None:
        """Ask the ledger if it is time; while one thread asks, the others go by what was said last."""
        if time.monotonic() < self.ask_at:
            return
        if self.lock.acquire(blocking=self.last_answer is Answer.NONE):
            try:
                if time.monotonic() >= self.ask_at:
                    self.remember(_ask())
            finally:
                self.lock.release()


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
    watch.look()
    return watch.last_answer is Answer.SOUND


def may_work() -> bool:
    """Whether mail may be sent and work be done: the ledger answers, and says that all is sound."""
    watch.look()
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
    """The base of every task: it does nothing in quarantine, and the sweep comes again."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run, or leave it to a later sweep."""
        if not may_work():
            log.warning("%s was not run: the portal is in quarantine or its ledger does not answer", self.name)
            return None
        return super().__call__(*args, **kwargs)
