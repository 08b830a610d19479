"""The process behind ``files.child``: it loads the parsers once, and forks a child for each file.

The child has what it needs before it begins: the file, a pipe for its answer, a time to live. It then gives up the
means of getting anything else. No descriptor can be opened any more, so there is no network and no file; nothing can be
written but the answer; no process can be started; memory and time end. A parser that is taken over by the file it reads
finds itself there (T3 of the security specification).

It is no part of Django: nothing here reads settings, and the environment it is started in is empty.
"""

import codecs
import encodings
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, Final

from files.confinement import ChildLimits, confine
from files.enums import PICTURE_SIGNATURES
from files.verdict import Verdict

Work = Callable[[BinaryIO, str], Verdict]

BEGUN: Final = b"+"
"""The first byte of an answer: the child is there. Without it, the file has not been looked at."""
ORDER_BYTES: Final = 4096
_LOOK_MS: Final = 50  # between two looks at the children that run
_PIECE: Final = 1024 * 1024


class Content(io.RawIOBase):
    """A file by its descriptor, read at places: the descriptor's own place belongs to the process that sent it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._place = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """And from any place."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; returns it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place}.get(whence)
        self._place = (os.fstat(self._descriptor).st_size if start is None else start) + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is something; returns how far."""
        piece = os.pread(self._descriptor, min(len(buffer), _PIECE), self._place)
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)


def main(control: int, work: str, limits: ChildLimits) -> None:
    """Do ``work`` (``module:function``) in a child for each order, until the process that gives orders is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # what a process ignores, those that it starts ignore as well
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    orders = socket.socket(fileno=control)
    function = _load(work)
    gc.freeze()  # else a child's first collection copies everything
    children: dict[int, float] = {}
    watch = select.poll()
    watch.register(orders, select.POLLIN)
    while True:
        if watch.poll(_LOOK_MS if children else None):
            order, descriptors, _flags, _address = socket.recv_fds(orders, ORDER_BYTES, 3)
            if not order:
                break
            child = os.fork()
            if child == 0:
                orders.close()
                _live(function, json.loads(order), descriptors, limits)
            children[child] = time.monotonic() + limits.wall_seconds
            for descriptor in descriptors:
                os.close(descriptor)
        _look_after(children)
    for child in children:
        os.kill(child, signal.SIGKILL)


def _load(work: str) -> Work:
    """The function, with all that it may want to import later: a child cannot open a module's file."""
    for package in (encodings, importlib.import_module("files.checkers")):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            with suppress(ImportError):  # encodings of other systems
                importlib.import_module(module.name)
    for module in pkgutil.iter_modules(encodings.__path__):
        with suppress(LookupError):
            codecs.lookup(module.name)
    place, _colon, name = work.partition(":")
    function: Work = getattr(importlib.import_module(place), name)
    for sample in _samples():
        importlib.import_module("files.checker").check_document(io.BytesIO(sample), "")
    return function


def _samples() -> Iterator[bytes]:
    """A file of each kind: with it, the parsers load what they load at their first file."""
    samples = importlib.import_module("files.samples")
    yield from (samples.pdf(), samples.docx(), samples.odt())
    pikepdf = importlib.import_module("pikepdf")
    with pikepdf.new() as document:  # for encrypted ones, qpdf opens /dev/urandom and keeps it open
        document.add_blank_page()
        out = io.BytesIO()
        document.save(out, encryption=pikepdf.Encryption(owner="owner", user="", R=6))
        yield out.getvalue()
    for kind in PICTURE_SIGNATURES:
        out = io.BytesIO()
        importlib.import_module("PIL.Image").new("RGB", (1, 1)).save(out, kind)
        yield out.getvalue()


def _look_after(children: dict[int, float]) -> None:
    """Bury those that ended, and kill those whose time is over."""
    now = time.monotonic()
    for child, until in list(children.items()):
        if os.waitpid(child, os.WNOHANG)[0]:
            del children[child]
        elif now > until:
            os.kill(child, signal.SIGKILL)


def _live(function: Work, name: str, descriptors: list[int], limits: ChildLimits) -> None:
    """The child's whole life; never returns. ``descriptors``: the file, the pipe, and the slot, which is only held."""
    answer = b""
    try:
        content, reply, _slot = descriptors
        os.dup2(0, 2)  # libraries complain there, in words of the file; 0 cannot be written to
        confine(limits)
        os.write(reply, BEGUN)
        answer = _answer(function(io.BufferedReader(Content(content), _PIECE), name))
    finally:
        error = sys.exc_info()[0]
        if error is not None:  # its kind only: its words may be words of the file
            answer = json.dumps({"failed": error.__name__}).encode() + b"\n"
        os.close(descriptors[2])  # whoever reads the answer to its end finds the slot free
        try:
            _write(descriptors[1], answer)
        finally:
            os._exit(0)


def _answer(verdict: Verdict) -> bytes:
    content = verdict.content or b""
    said = {"kind": verdict.kind, "refusal": verdict.refusal, "detail": verdict.detail, "content": len(content)}
    return json.dumps(said).encode() + b"\n" + content


def _write(reply: int, answer: bytes) -> None:
    rest = memoryview(answer)
    while rest:
        rest = rest[os.write(reply, rest) :]
