"""Asking clamd about a stream of bytes, by its INSTREAM command.

The danger is an answer that is taken for "nothing found" and is none. So exactly one answer means that nothing was
found; one that is cut, late, odd, or says that a limit was passed is a failure of the scan.
"""

import re
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

CLEAN: Final = b"stream: OK"
FOUND: Final = re.compile(rb"stream: ([ -~]{1,200}) FOUND")
LIMITS: Final = "Heuristics.Limits.Exceeded"
"""How clamd names what it could not look at whole, where it is told to say so."""
LONGEST_ANSWER: Final = 4_096


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: for the connection, for a sign of life, and for sending a file and the answer."""

    connect: float = 2.0
    sign: float = 5.0
    answer: float = 60.0


PATIENCE: Final = Patience()


class ScanFailed(Exception):
    """The scanner said nothing about this file that could be believed."""


class ScannerDown(ScanFailed):
    """The scanner does not answer, or not in time; asking about the next file would be the same wait again."""


def check_alive(address: str, patience: Patience = PATIENCE) -> None:
    """Raise ScannerDown unless clamd gives a sign of life; one that hangs is known in seconds by that."""
    try:
        with _connect(address, patience.connect) as line:
            ends_at = time.monotonic() + patience.sign
            _send(line, b"zPING\0", ends_at)
            answer = _read(line, ends_at)
    except (OSError, ScanFailed) as error:
        raise ScannerDown(f"the scanner does not answer ({type(error).__name__})") from error
    if answer != b"PONG":
        raise ScannerDown("the scanner gave an odd answer")


def find_virus(pieces: Iterable[bytes], address: str, patience: Patience = PATIENCE) -> str:
    """The name of what clamd finds in a file that comes in pieces; empty where it finds nothing.

    ``address`` is ``tcp://host:port`` or ``unix:/path``. Raises ScanFailed, or ScannerDown, which is one.
    """
    try:
        with _connect(address, patience.connect) as line:
            ends_at = time.monotonic() + patience.answer
            _send(line, b"zINSTREAM\0", ends_at)
            for piece in filter(None, pieces):
                _send(line, struct.pack("!L", len(piece)) + piece, ends_at)
            _send(line, struct.pack("!L", 0), ends_at)
            answer = _read(line, ends_at)
    except (BrokenPipeError, ConnectionResetError) as error:  # as clamd does with a file that is too big for it
        raise ScanFailed("the scanner ended the connection") from error
    except OSError as error:
        raise ScannerDown(f"the scanner does not answer ({type(error).__name__})") from error
    return _verdict(answer)


def _connect(address: str, seconds: float) -> socket.socket:
    url = urlsplit(address)
    if url.scheme == "tcp":
        return socket.create_connection((url.hostname, url.port), timeout=seconds)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.connect(url.path)
    except OSError:
        line.close()
        raise
    return line


def _wait(line: socket.socket, ends_at: float) -> None:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(left)


def _send(line: socket.socket, data: bytes, ends_at: float) -> None:
    _wait(line, ends_at)
    line.sendall(data)


def _read(line: socket.socket, ends_at: float) -> bytes:
    """The answer without the NUL that ends it."""
    answer = b""
    while not answer.endswith(b"\0"):
        _wait(line, ends_at)
        piece = line.recv(LONGEST_ANSWER)
        answer += piece
        if not piece:
            raise ScanFailed("the scanner's answer was cut")
        if len(answer) > LONGEST_ANSWER:
            raise ScanFailed("the scanner's answer does not end")
    return answer[:-1]


def _verdict(answer: bytes) -> str:
    if answer == CLEAN:
        return ""
    found = FOUND.fullmatch(answer)
    if found is None:
        raise ScanFailed("the scanner gave no verdict")
    name = found[1].decode("ascii")
    if name.startswith(LIMITS):
        raise ScanFailed("the file is beyond a limit of the scanner")
    return name
