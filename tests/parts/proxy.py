"""A proxy in front of a server that behaves as a bad network does, in the way that it is told to at the moment.

It runs in threads of the tests. A new way holds for connections that are open already.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum

import pytest

CHUNK = 65_536


class Mode(StrEnum):
    """What becomes of a request."""

    PASS = "passes"
    DOWN = "the connection ends"
    HANG = "nothing ever comes back"
    DELAY = "each part comes late"
    CUT = "the answer is cut short"
    BUSY = "503 SlowDown"


DELAY = 0.02  # seconds
CUT_AFTER = 60  # bytes: within the head of an answer
SLOW_DOWN = b"<Error><Code>SlowDown</Code></Error>"
ANSWER_503 = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(SLOW_DOWN), SLOW_DOWN)
)


class Proxy:
    """Listens on ``port`` of 127.0.0.1 and passes to ``target`` there."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode = Mode.PASS
        self.seen: set[Mode] = set()
        self._is_over = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def stop(self) -> None:
        """End it with all its connections."""
        self._is_over.set()
        for each in (self._listener, *self._sockets):
            _hang_up(each)
        for thread in self._threads:
            thread.join(5)
        for each in (self._listener, *self._sockets):
            each.close()

    def _start(self, act: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                outer, _ = self._listener.accept()
                self._sockets.append(outer)
                try:
                    inner = socket.create_connection(("127.0.0.1", self.target))
                except OSError:
                    _hang_up(outer)
                    continue
                self._sockets.append(inner)
                self._start(self._ask, outer, inner)
                self._start(self._answer, inner, outer)

    def _ask(self, outer: socket.socket, inner: socket.socket) -> None:
        with suppress(OSError):
            while data := outer.recv(CHUNK):
                mode = self.mode
                self.seen.add(mode)
                if mode is Mode.DOWN:
                    break
                if mode is Mode.BUSY:
                    outer.sendall(ANSWER_503)
                    break
                inner.sendall(data)
        _hang_up(outer)
        _hang_up(inner)

    def _answer(self, inner: socket.socket, outer: socket.socket) -> None:
        with suppress(OSError):
            while data := inner.recv(CHUNK):
                mode = self.mode
                if mode is Mode.HANG:
                    self._is_over.wait()
                    break
                if mode is Mode.DELAY:
                    self._is_over.wait(DELAY)
                if mode is Mode.CUT:
                    outer.sendall(data[:CUT_AFTER])
                    break
                outer.sendall(data)
        _hang_up(outer)
        _hang_up(inner)


def _hang_up(either: socket.socket) -> None:
    with suppress(OSError):
        either.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxies() -> Iterator[list[Proxy]]:
    """A list to put proxies into, which are ended with the test."""
    made: list[Proxy] = []
    yield made
    for proxy in made:
        proxy.stop()
