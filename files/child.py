"""Checks of files in a child process: whatever a hostile file does to its parser, the web process goes on.

Each process that checks files has one helper process (``files.child_main``), started with the first file. It has the
parsers loaded and forks a child for each file: this costs milliseconds, where a new Python with the parsers costs a
quarter of a second, and it is safe with threads, which a fork of the web process would not be. The helper has no
database, no keys and no environment, and ends when its web process does.

A child that dies, whoever killed it, is a refusal (F18): trying again would only kill the next. At most one child for
each core of the machine runs at a time; whoever finds no slot in a second or two is told to come back.
"""

import atexit
import json
import logging
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.conf import settings

from files.child_main import BEGUN
from files.confinement import DEFAULT, ChildLimits
from files.enums import DOCUMENT_KINDS, PICTURE_SIGNATURES, MediaKind, Refusal
from files.errors import CheckerBusy
from files.slots import cores, take_slot
from files.verdict import Verdict

logger = logging.getLogger(__name__)

WORK: Final = "files.checker:check_document"
SLOT_WAIT: Final = 2.0
"""Seconds to wait for a slot before the answer is "busy"."""
START_SECONDS: Final = 15.0
"""Seconds in which a child must have begun; the first one of a process waits for its helper to load."""
GRACE_SECONDS: Final = 2.0
"""Beyond a child's time, before its end is no longer waited for."""
MOST_CONTENT: Final = 25 * 1000 * 1000
"""Bytes that a child may hand back: a picture that was drawn anew may be larger than the one that was sent."""
_HEAD: Final = 4096
_NAME: Final = 100  # characters of a name, from its end, that a check is told
_ROOT: Final = Path(__file__).resolve().parent.parent
_START: Final = (
    "import json, sys; sys.path.insert(0, sys.argv[1]); from files.child_main import main;"
    " from files.confinement import ChildLimits;"
    " main(int(sys.argv[2]), sys.argv[3], ChildLimits(**json.loads(sys.argv[4])))"
)


def check_in_child(stream: BinaryIO, name: str) -> Verdict:
    """Open a file in a child process and say whether it may be kept (ASVS 5.2.1 to 5.2.5; T3, T5, F18).

    As ``files.checker.check_document``, whose arguments these are, but bounded in time, memory and reach; a file for
    which its child died is refused as TOO_COMPLEX. Where the verdict has ``content``, that is to be kept instead.

    Raises:
        CheckerBusy: it could not be checked just now.
        OSError: the stream cannot be read.

    """
    return _checker().check(stream, name)


@cache
def _checker() -> "Checker":
    return Checker(settings.CHECKER_SLOTS)


class _Helper:
    """A running helper process and the socket by which it takes orders."""

    def __init__(self, work: str, limits: ChildLimits) -> None:
        self.orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.orders.settimeout(START_SECONDS)
        command = [sys.executable, "-I", "-c", _START, str(_ROOT), str(theirs.fileno()), work]
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 (ourselves)
                [*command, json.dumps(asdict(limits))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={},
                cwd="/",
                start_new_session=True,  # Ctrl-C on a terminal is for the web process, which ends this one
            )

    def close(self) -> None:
        """End it, and the children it has."""
        self.orders.close()
        self.process.wait()


class Checker:
    """Does ``work`` (``module:function``, of a stream and a name, answering with a Verdict) in children."""

    def __init__(self, slots: Path, *, work: str = WORK, limits: ChildLimits = DEFAULT, count: int = 0) -> None:
        """``count`` children at a time, 0 for as many as there are cores; ``slots`` is the folder that counts them."""
        self.limits = limits
        self._slots, self._count = slots, count or cores()
        self._work = work
        self._lock = threading.Lock()
        self._helper: _Helper | None = None
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    def check(self, stream: BinaryIO, name: str) -> Verdict:
        """Open a file in a child and say whether it may be kept; a child that dies is a refusal.

        Args:
            stream: seekable. A file on the disk is handed to the child as it is; anything else is copied in memory.
            name: as sent.

        Raises:
            CheckerBusy: it could not be checked just now.
            OSError: the stream cannot be read.

        """
        slot = take_slot(self._slots, self._count, wait=SLOT_WAIT)
        try:
            with _Descriptor(stream) as content:
                answer = self._ask(content, slot, name) or self._ask(content, slot, name)
        finally:
            os.close(slot)
        if not answer:
            raise CheckerBusy
        return _verdict(answer.removeprefix(BEGUN))

    def close(self) -> None:
        """End the helper process; the next check starts another."""
        with self._lock:
            helper, self._helper = self._helper, None
        if helper:
            helper.close()

    def _ask(self, content: int, slot: int, name: str) -> bytes:
        """What a child says, which may be cut short; nothing where none has begun, for the helper was gone."""
        helper = self._running()
        ours, theirs = os.pipe()
        try:
            try:
                socket.send_fds(helper.orders, [json.dumps(name[-_NAME:]).encode()], [content, theirs, slot])
            finally:
                os.close(theirs)
            answer = self._read(ours)
        except OSError:  # it died before, or does not listen
            answer = b""
        finally:
            os.close(ours)
        if not answer:
            logger.error("The process that checks files was gone or did not answer; another is started.")
            self._drop(helper)
        return answer

    def _read(self, pipe: int) -> bytes:
        answer = bytearray()
        until = time.monotonic() + START_SECONDS
        ready = select.poll()
        ready.register(pipe, select.POLLIN)
        while len(answer) <= MOST_CONTENT + _HEAD and ready.poll(max(0, 1000 * (until - time.monotonic()))):
            piece = os.read(pipe, 1024 * 1024)
            if not piece:
                break
            if not answer:
                until = time.monotonic() + self.limits.wall_seconds + GRACE_SECONDS
            answer += piece
        return bytes(answer)

    def _running(self) -> _Helper:
        with self._lock:
            if self._helper is None:
                self._helper = _Helper(self._work, self.limits)
            return self._helper

    def _drop(self, helper: _Helper) -> None:
        with self._lock:
            if self._helper is not helper:
                return
            self._helper = None
        helper.process.kill()
        helper.close()

    def _forget(self) -> None:
        """A fork of this process starts a helper of its own, and does not keep this one alive."""
        self._lock = threading.Lock()
        if self._helper:
            self._helper.orders.close()
            self._helper = None


class _Descriptor:
    """A descriptor by which a child can read a stream: its own, or that of a copy without a name, in memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._copy: int | None = None

    def __enter__(self) -> int:
        try:
            descriptor = self._stream.fileno()
        except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
            self._copy = _copied(self._stream)
            return self._copy
        if self._stream.writable():
            self._stream.flush()
        return descriptor

    def __exit__(self, *_: object) -> None:
        if self._copy is not None:
            os.close(self._copy)


def _copied(stream: BinaryIO) -> int:
    stream.seek(0)
    if hasattr(os, "memfd_create"):
        copy = os.memfd_create("upload")
    else:
        with tempfile.TemporaryFile() as file:
            copy = os.dup(file.fileno())
    while piece := stream.read(1024 * 1024):
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(copy, rest) :]
    stream.seek(0)
    return copy


def _verdict(answer: bytes) -> Verdict:
    """What the child said, believed only as far as it makes sense: a parser that was taken over may say anything."""
    head, end, content = answer.partition(b"\n")
    if not end or len(head) > _HEAD:
        return _died("no verdict")
    try:
        said: dict[str, Any] = json.loads(head)
        if "failed" in said:
            return _died(said["failed"] if said["failed"].isidentifier() else "an error")
        kind = said["kind"] and MediaKind(said["kind"])
        refusal = said["refusal"] and Refusal(said["refusal"])
        if len(content) != said["content"] or (refusal is None and not _fits(kind, content)):
            return _died("cut short")
        return Verdict(kind, refusal, str(said["detail"]), content or None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _died("no verdict")


def _fits(kind: MediaKind | None, content: bytes) -> bool:
    """Whether there is a picture where there is to be one, and nothing in place of a document."""
    if kind in PICTURE_SIGNATURES:
        return content.startswith(PICTURE_SIGNATURES[kind])
    return kind in DOCUMENT_KINDS and not content


def _died(how: str) -> Verdict:
    logger.warning("A file could not be checked within the limits: %s", how)
    return Verdict(None, Refusal.TOO_COMPLEX, how)
