"""Work on a stranger's file in a child process: bounded in time, memory and reach (T3, T5, F18).

The child is a new Python without environment, settings, database or keys. It loads its module first and then gives
up what it no longer needs: it may open no file and no socket, write none, and fork nothing. The file comes as its
standard input, the answer goes through a pipe. Whatever kills it, the process that asked goes on.
"""

import importlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from files.confinement import DEFAULT, ChildLimits, confine

ROOT: Final = Path(__file__).resolve().parent.parent
START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from files.bounded import serve; serve(*sys.argv[2:])"
PIECE: Final = 1024 * 1024
START_SECONDS: Final = 15.0
"""Beyond the wall clock of the work: a new Python has to load first."""


class ChildDied(Exception):
    """The child gave no whole answer: it was killed, ran out of time or memory, or its parser fell over."""


@dataclass(frozen=True)
class Part:
    """One part of an answer: what it is, in words that JSON knows, and its bytes."""

    head: dict[str, Any]
    content: bytes


def run_bounded(
    module: str,
    stream: BinaryIO,
    argument: str = "",
    *,
    limits: ChildLimits = DEFAULT,
    most_bytes: int = 64 * 1024 * 1024,
) -> list[Part]:
    """Let ``module.answer(content, argument)`` make its parts of a file in a child process.

    Args:
        module: dotted name; its ``prepare()`` loads what the work needs before the limits are set.
        stream: the file, from its beginning.
        argument: what the module is told besides.
        limits: what the child may use; the processor time of its start counts, the wall clock of it does not.
        most_bytes: the longest answer that is taken.

    Raises:
        ChildDied: there is no whole answer.
        OSError: the stream cannot be read.

    """
    command = [sys.executable, "-I", "-c", START, str(ROOT), module, argument, json.dumps(asdict(limits))]
    with tempfile.TemporaryFile() as content:  # a child gets a descriptor, whatever kind of stream this is
        while piece := stream.read(PIECE):
            content.write(piece)
        content.seek(0)
        with subprocess.Popen(  # noqa: S603 (ourselves)
            command, stdin=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/"
        ) as child:
            try:
                answer = _read(child, time.monotonic() + START_SECONDS + limits.wall_seconds, most_bytes)
            finally:
                child.kill()
    return _parts(answer)


def _read(child: "subprocess.Popen[bytes]", until: float, most_bytes: int) -> bytes:
    pipe = child.stdout
    if pipe is None:
        raise ChildDied("no pipe")
    answer = bytearray()
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        while ready.select(max(0.0, until - time.monotonic())):
            piece = os.read(pipe.fileno(), PIECE)
            if not piece:
                return bytes(answer)
            answer += piece
            if len(answer) > most_bytes:
                raise ChildDied("its answer is too long")
    raise ChildDied("it took too long")


def _parts(answer: bytes) -> list[Part]:
    """The parts of an answer; the last line says that it is whole."""
    parts: list[Part] = []
    at = 0
    while (end := answer.find(b"\n", at)) >= 0:
        try:
            head = json.loads(answer[at:end])
        except ValueError:
            break
        if head.get("is_end"):
            return parts
        at = end + 1 + head["bytes"]
        parts.append(Part(head, answer[end + 1 : at]))
    raise ChildDied("its answer is cut short")


# In the child


def serve(module: str, argument: str, limits: str) -> None:
    """Be the child: load the module, set the limits, answer, and end without a word where it does not go well."""
    work = importlib.import_module(module)
    work.prepare()
    confine(ChildLimits(**json.loads(limits)))
    answer: Callable[[bytes, str], Iterator[tuple[dict[str, Any], bytes]]] = work.answer
    with suppress(BrokenPipeError):
        content = sys.stdin.buffer.read()
        out = sys.stdout.buffer
        for head, part in answer(content, argument):
            out.write(json.dumps({**head, "bytes": len(part)}).encode() + b"\n" + part)
        out.write(b'{"is_end": true}\n')
        out.flush()
    os._exit(0)  # a parser's own clearing up is nobody's concern
