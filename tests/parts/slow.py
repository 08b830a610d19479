"""Clients that take their time: hundreds of them in one thread, each over TLS from an address of this machine."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.parts.nginx import HOST, Nginx

PAUSE = 0.2
"""Seconds between two bytes of a client that dribbles."""


@dataclass
class Client:
    """One connection, held."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    dribble: "asyncio.Task[None] | None" = None

    @property
    def is_held(self) -> bool:
        """Whether the server has neither answered nor hung up."""
        is_dribbling = self.dribble is None or not self.dribble.done()
        return is_dribbling and not self.writer.is_closing() and not self.reader.at_eof()


class SlowClients:
    """A loop in a thread of its own, and the clients in it; all are gone when the block ends."""

    def __init__(self, nginx: Nginx) -> None:
        self.nginx = nginx
        self.clients: list[Client] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, Any], seconds: float = 60) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(seconds)

    def hold(self, count: int, sent: bytes, *, rest: bytes = b"", sources: int = 4, first: int = 1) -> None:
        """Open so many connections and send the same over each; ``rest`` follows byte by byte, for ever.

        They come from so many addresses, 127.0.1.``first`` and those after it.
        """
        self._wait(self._hold(count, sent, rest, [f"127.0.1.{first + number}" for number in range(sources)]))

    async def _hold(self, count: int, sent: bytes, rest: bytes, sources: list[str]) -> None:
        tls = self.nginx.tls()
        for number in range(count):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.nginx.port, ssl=tls, server_hostname=HOST,
                local_addr=(sources[number % len(sources)], 0),
            )  # fmt: skip
            writer.write(sent)
            await writer.drain()
            client = Client(reader, writer)
            if rest:
                client.dribble = asyncio.ensure_future(_dribble(writer, rest))
            self.clients.append(client)

    def count_held(self) -> int:
        """How many are neither answered nor hung up on."""
        return sum(client.is_held for client in self.clients)

    def finish(self, client: Client, rest: bytes) -> bytes:
        """Send what was missing, and read the head of the answer."""
        answer: bytes = self._wait(self._finish(client, rest))
        return answer

    async def _finish(self, client: Client, rest: bytes) -> bytes:
        client.writer.write(rest)
        await client.writer.drain()
        return await client.reader.readuntil(b"\r\n\r\n")

    def hang_up(self) -> None:
        """End every connection without a word."""
        self._wait(self._hang_up())

    async def _hang_up(self) -> None:
        for client in self.clients:
            if client.dribble:
                client.dribble.cancel()
            client.writer.transport.abort()
        self.clients.clear()


async def _dribble(writer: asyncio.StreamWriter, rest: bytes) -> None:
    while True:
        for byte in rest:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(PAUSE)
