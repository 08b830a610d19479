"""Work for ``files.bounded`` that tries what a child must not do."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def prepare() -> None:
    """Nothing to load."""


def answer(content: bytes, argument: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """What became of each try."""
    if argument == "sleep":
        time.sleep(60)
    while argument == "toil":
        pass
    names = sorted(name for name in os.environ if name != "LC_CTYPE")  # which Python itself sets
    yield (
        {
            "argument": argument,
            "environment": names,
            "file": _try(lambda: Path("/etc/hostname").read_bytes()),
            "socket": _try(lambda: socket.socket().close()),
        },
        content,
    )


def _try(act: Callable[[], object]) -> str:
    try:
        act()
    except OSError:
        return "OSError"
    return "it went"
