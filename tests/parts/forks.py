"""Child processes for tests that kill them, or that need a clock or several processes of their own.

One process is started with Django ready and nothing open, and forks for each piece of work: a start takes seconds and a
fork a hundredth of one. It reads orders from its standard input and answers each on its standard output, as lines of
JSON; what it and its children log goes to a file that a test can search. See ``work`` for what can be ordered.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
from django.conf import settings

from tests.parts.worker import worker_environment


@dataclass(frozen=True)
class Outcome:
    """How a child ended: its exit code, or minus the signal that killed it; and what it asked of the outside."""

    status: int
    calls: list[str] = field(default_factory=list)


class Forks:
    """The process that forks."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.parts.forked"],
                cwd=settings.BASE_DIR,
                env={**worker_environment(), **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
            )

    def order(self, *works: dict[str, Any]) -> list[Outcome]:
        """Have each piece of work done by a child of its own, all at the same moment; returns when all have ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(works)}\n".encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            pytest.fail(f"the forking process is gone; its log ends:\n{self.log.read_text()[-3_000:]}")
        return [Outcome(**outcome) for outcome in json.loads(answer)]

    def work(self, at: datetime, moment: str = "", place: int = 0, deadly: str = "") -> Outcome:
        """One run of a worker at an instant: erase what is due, then send what is to be sent; see ``Calls``."""
        order = {"act": "work", "at": at.isoformat(), "moment": moment, "place": place, "deadly": deadly}
        return self.order(order)[0]

    def run(self, task: str, count: int = 1, *, times: int = 1, shift: float = 0) -> list[Outcome]:
        """A task of Celery as a worker runs it, so many times in a row in each of ``count`` processes at once, whose
        clocks are ``shift`` seconds off.
        """
        return self.order(*[{"act": "task", "task": task, "times": times, "shift": shift}] * count)

    def call(self, module: str, function: str, **arguments: Any) -> Outcome:
        """A function, which gets something to say lines with before its arguments; what it said is in ``calls``."""
        return self.order({"act": "call", "module": module, "function": function, "arguments": arguments})[0]

    def watched(self, module: str, function: str, moment: str = "", place: int = 0, **arguments: Any) -> Outcome:
        """The same, killed before or after its call number ``place`` of what is outside; see ``Calls``."""
        order = {"act": "watched", "module": module, "function": function, "arguments": arguments}
        return self.order({**order, "moment": moment, "place": place})[0]

    def stop(self) -> None:
        """End it; its children have ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class StartForks(Protocol):
    """Starts the process with the environment of the tests, ``environment`` in place of what it names."""

    def __call__(self, **environment: str) -> Forks: ...


@pytest.fixture
def start_forks(transactional_db: None, tmp_path: Path) -> Iterator[StartForks]:
    """Starts forking processes; they are stopped before the tables are emptied."""
    started: list[Forks] = []

    def start(**environment: str) -> Forks:
        started.append(Forks(tmp_path / f"forks-{len(started)}.log", environment))
        return started[-1]

    yield start
    for forks in started:
        forks.stop()


def take(outcome: Outcome, forks: Forks) -> list[str]:
    """The calls of a child that did its work; fails the test, with the end of the log, for one that did not."""
    if outcome.status != 0:
        pytest.fail(f"a child ended with {outcome.status}; the log ends:\n{forks.log.read_text()[-3_000:]}")
    return outcome.calls
