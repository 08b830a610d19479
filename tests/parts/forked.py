"""The process behind parts/forks.py: ``python -m tests.parts.forked``."""

import gc
import json
import os
import sys
import traceback
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import django

django.setup()

import time_machine  # noqa: E402
from celery import current_app  # noqa: E402
from django.core.files.storage import storages  # noqa: E402
from django.db import connection  # noqa: E402

from mailing.enums import EmailKind  # noqa: E402
from mailing.models import OutboxEmail  # noqa: E402
from mailing.services import deliver_emails, render  # noqa: E402
from privacy.services.cases import PLACES  # noqa: E402
from privacy.services.erasure import erase_due  # noqa: E402
from tests.parts.faults import Calls  # noqa: E402

Work = dict[str, Any]


def main() -> None:
    """Answer orders until there are no more."""
    _warm_up()
    gc.freeze()  # else a child's first collection copies everything
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever prints must not answer
    for line in sys.stdin:
        json.dump(_done(json.loads(line)), answers)
        answers.write("\n")
        answers.flush()


def _warm_up() -> None:
    """Do here once what no child needs to do again, and open nothing."""
    current_app.loader.import_default_modules()
    nothing = {"case": "", "backups_until": "2027-01-01", "held": 0, "held_until": "", **dict.fromkeys(PLACES, 0)}
    render(OutboxEmail(kind=EmailKind.ERASURE_STATEMENT, to_address="a@example.org", language="en", context=nothing))
    for alias in ("files", "ledger"):
        if hasattr(storages[alias], "bucket_name"):
            assert storages[alias]._client  # type: ignore[attr-defined]


def _done(works: list[Work]) -> list[dict[str, Any]]:
    """What became of each, done by a child each, which begin at the same moment."""
    assert connection.connection is None
    wait, go = os.pipe()
    children = [_fork(work, wait, go) for work in works]
    os.close(wait)
    os.close(go)
    return [_end_of(pid, told) for pid, told in children]


def _end_of(pid: int, told: int) -> dict[str, Any]:
    with os.fdopen(told) as lines:
        calls = lines.read().splitlines()
    return {"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "calls": calls}


def _fork(work: Work, wait: int, go: int) -> tuple[int, int]:
    told, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        return pid, told
    os.close(told)
    os.close(go)
    os.read(wait, 1)  # ends when everybody has been started
    status = 1
    try:
        _do(work, tell)
        status = 0
    except BaseException:  # noqa: BLE001 (said; the status tells the test)
        traceback.print_exc(limit=3)
    finally:
        sys.stderr.flush()
        os._exit(status)


def _do(work: Work, tell: int) -> None:
    {"work": _work, "task": _task, "call": _call, "watched": _watched}[work["act"]](work, tell)
    connection.close()


def _work(work: Work, tell: int) -> None:
    Calls(tell, work["moment"], work["place"], work["deadly"]).watch()
    at = datetime.fromisoformat(work["at"])
    erase_due(at=at)
    deliver_emails(at=at)


def _task(work: Work, _: int) -> None:
    there = datetime.now(UTC) + timedelta(seconds=work["shift"])
    with time_machine.travel(there) if work["shift"] else nullcontext():
        for _ in range(work["times"]):
            current_app.tasks[work["task"]]()


def _call(work: Work, tell: int) -> None:
    function = getattr(import_module(work["module"]), work["function"])
    function(lambda line: os.write(tell, f"{line}\n".encode()), **work["arguments"])


def _watched(work: Work, tell: int) -> None:
    Calls(tell, work["moment"], work["place"]).watch()
    _call(work, tell)


if __name__ == "__main__":
    main()
