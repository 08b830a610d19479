"""The table of steps that the check prints while it works."""

import sys
import time
from collections.abc import Callable

HEAD = f"{'step':>4}  {'result':<6} {'time':>8}   {'what':<28}  what was found"


class Failed(Exception):
    """A step did not find what it must; the message is one line."""


def ensure(is_so: object, reason: str) -> None:
    """Raise Failed with the reason unless it is so."""
    if not is_so:
        raise Failed(reason)


class Report:
    """Runs steps and prints a line for each, until one fails."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.count = 0
        print(HEAD, flush=True)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.began

    def step(self, title: str, act: Callable[[], str]) -> bool:
        """Do one step and say how it went; ``act`` returns what it found. Returns whether it went well."""
        self.count += 1
        began = time.monotonic()
        try:
            found, result = act(), "ok"
        except Exception as error:  # noqa: BLE001 (whatever goes wrong is the step's failure, and is said)
            found, result = one_line(error), "FAILED"
        seconds = time.monotonic() - began
        print(f"{self.count:>4}  {result:<6} {seconds:>6.2f} s   {title:<28}  {found}", flush=True)
        return result == "ok"


def one_line(error: BaseException) -> str:
    """What went wrong, in one line."""
    text, kind = " ".join(str(error).split())[:300] or "no reason given", type(error).__name__
    return text if kind in {"Failed", "Unexpected", "ProcessFault"} else f"{kind}: {text}"


def say(text: str) -> None:
    """A line on stderr: not part of the result."""
    print(text, file=sys.stderr, flush=True)
