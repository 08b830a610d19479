"""Giving up what a child that opens a stranger's file does not need (T3, T5, F18; limits: parser child).

The kernel ends the process by itself when its time or memory is over, also where nobody is left to look after it. Each
limit is set for good: an ordinary user cannot raise a hard limit again.
"""

import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ChildLimits:
    """What one child may use (limits: parser child)."""

    cpu_seconds: int = 10
    wall_seconds: int = 20
    memory_bytes: int = 512 * 1000 * 1000
    """Address space beyond that of the process at its start."""


DEFAULT = ChildLimits()


def confine(limits: ChildLimits) -> None:
    """Leave this process nothing but reading what is open, thinking, and answering. What is open stays open."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits.wall_seconds)
    with suppress(OSError):  # where there is such a thing: whoever is short of memory ends this process, not the web's
        Path("/proc/self/oom_score_adj").write_text("1000")
    size = _address_space()
    if size:
        _limit(resource.RLIMIT_AS, size + limits.memory_bytes)
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds)
    _limit(resource.RLIMIT_CORE, 0)  # a core would hold the person's file
    _limit(resource.RLIMIT_FSIZE, 0)  # no file grows, not even one that is open; a pipe is none
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, 0)  # last: no file, no socket, no program can be opened from here on


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def _address_space() -> int:
    """Bytes of address space of this process, or 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()
