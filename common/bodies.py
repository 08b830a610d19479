"""The body of a request, as it comes from the network."""

from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class WholeBody:
    """A stream that raises ConnectionResetError where it ends before the length that was announced.

    Otherwise a client that hangs up in the middle of a form would be taken for one that sent a shorter one.
    """

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self._missing = length

    def read(self, *size: int) -> bytes:
        """The next bytes."""
        return self._counted(self._stream.read(*size), *size)

    def readline(self, *size: int) -> bytes:
        """The next line."""
        return self._counted(self._stream.readline(*size), *size)

    def _counted(self, data: bytes, size: int = -1) -> bytes:
        self._missing -= len(data)
        if not data and size and self._missing > 0:
            raise ConnectionResetError("the client hung up before its request was whole")
        return data


def expect_whole_bodies(application: Application) -> Application:
    """The application, to which no request looks whole that is not."""

    def whole(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isdecimal():
            environ["wsgi.input"] = WholeBody(environ["wsgi.input"], int(length))
        return application(environ, start_response)

    return whole
