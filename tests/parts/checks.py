"""What a parser may do that is taken over, or meets a file it cannot bear: for ``files.child.Checker(work=...)``."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from files.enums import MediaKind, Refusal
from files.verdict import Verdict

SOUND = Verdict(MediaKind.PDF, None, "sound")


def burn(stream: BinaryIO, name: str) -> Verdict:
    while True:
        pass


def hang(stream: BinaryIO, name: str) -> Verdict:
    time.sleep(1000)
    return SOUND


def hoard(stream: BinaryIO, name: str) -> Verdict:
    """Take as many megabytes as the file has bytes."""
    kept = [bytearray(1000 * 1000) for _ in stream.read()]
    return SOUND if kept else Verdict(None, Refusal.EMPTY, "")


def abort(stream: BinaryIO, name: str) -> Verdict:
    os.abort()


def stumble(stream: BinaryIO, name: str) -> Verdict:
    raise LookupError(stream.read().decode())


def leave(stream: BinaryIO, name: str) -> Verdict:
    os._exit(0)


def picky(stream: BinaryIO, name: str) -> Verdict:
    """Die of one file and take any other."""
    if stream.read() == b"poison":
        os.abort()
    return SOUND


def lie(stream: BinaryIO, name: str) -> Verdict:
    return Verdict(MediaKind.PNG, None, "sound", b"<script>")


def smuggle(stream: BinaryIO, name: str) -> Verdict:
    return Verdict(MediaKind.PDF, None, "sound", b"%PDF-1.7 another")


def flood(stream: BinaryIO, name: str) -> Verdict:
    return Verdict(MediaKind.PNG, None, "sound", bytes(60_000_000))


def reach(stream: BinaryIO, name: str) -> Verdict:
    """Try to get out, also to a new file called ``name``, and to change the file under check; say what worked."""
    tries = {**ways_out(Path(name)), "change": lambda: [os.write(descriptor, b"x") for descriptor in files()]}
    return Verdict(None, Refusal.DAMAGED, " ".join(way for way, act in tries.items() if works(act)) or "nothing")


def ways_out(new: Path) -> dict[str, Callable[[], object]]:
    return {
        "socket": socket.socket,
        "pipe": os.pipe,
        "file": Path("/etc/passwd").read_bytes,
        "new file": lambda: new.write_bytes(b"x"),
        "program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    }


def files() -> list[int]:
    """The descriptors that are files with a size, which the one under check is."""
    found = [descriptor for descriptor in range(3, 64) if has_size(descriptor)]
    assert found
    return found


def has_size(descriptor: int) -> bool:
    try:
        return os.fstat(descriptor).st_size > 0
    except OSError:
        return False


def works(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return False
    return True


def look_around(stream: BinaryIO, name: str) -> Verdict:
    """What there is to see for a parser: variables, open descriptors, and Django."""
    has_settings = "django.conf" in sys.modules and sys.modules["django.conf"].settings.configured
    opened = [descriptor for descriptor in range(64) if is_open(descriptor)]
    return Verdict(None, Refusal.DAMAGED, f"{sorted(os.environ)} {len(opened)} {has_settings}")


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
