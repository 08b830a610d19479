"""The broker of files: several processes share it, and each message comes whole and once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from threading import Barrier, Event
from typing import Any

import pytest
from kombu import Connection

from clouder.file_broker import SCHEME


def connect(folder: Path) -> Connection:
    for name in ("messages", "processed", "control"):
        (folder / name).mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "processed"),
        "control_folder": str(folder / "control"),
    }
    return Connection(f"{SCHEME}://localhost", transport_options=options)


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Any]:
    with connect(tmp_path) as connection:
        yield connection.channel()


def test_messages_come_in_their_order_and_once(channel: Any) -> None:
    for number in range(3):
        channel._put("celery", {"number": number})
    assert [channel._get("celery")["number"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("celery")


def test_a_queue_gets_its_own_messages_only(channel: Any) -> None:
    channel._put("other.celery", {"for": "other"})
    with pytest.raises(Empty):
        channel._get("celery")
    assert channel._get("other.celery") == {"for": "other"}


def test_what_is_not_yet_written_is_not_taken(channel: Any, tmp_path: Path) -> None:
    (tmp_path / "messages" / "0-half.draft").write_text('{"half')
    with pytest.raises(Empty):
        channel._get("celery")


def test_nothing_is_left_after_taking(channel: Any, tmp_path: Path) -> None:
    channel._put("celery", {})
    channel._get("celery")
    assert [path for name in ("messages", "processed") for path in (tmp_path / name).iterdir()] == []


def test_many_writers_and_readers_share_it(tmp_path: Path) -> None:
    barrier, written = Barrier(6), Event()

    def write(start: int) -> None:
        with connect(tmp_path) as connection:
            barrier.wait()
            queue = connection.SimpleQueue("shared")
            for number in range(start, start + 100):
                queue.put({"number": number})

    def read(_: int) -> list[int]:
        found: list[int] = []
        with connect(tmp_path) as connection:
            barrier.wait()
            queue = connection.SimpleQueue("shared", no_ack=True)
            while True:
                was_written = written.is_set()
                try:
                    found.append(queue.get(timeout=1).payload["number"])
                except queue.Empty:
                    if was_written:
                        return found

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write, start) for start in (0, 100, 200)]
        readers = [pool.submit(read, number) for number in range(3)]
        [writer.result() for writer in writers]
        written.set()
        numbers = [number for reader in readers for number in reader.result()]
    assert sorted(numbers) == list(range(300))


def test_a_connection_binds_for_itself(tmp_path: Path) -> None:
    with connect(tmp_path) as first, connect(tmp_path) as second:
        queue = first.SimpleQueue("shared")
        (table,) = (tmp_path / "control").glob("*.exchange")
        table.unlink()  # as if the first had not yet written it
        second.SimpleQueue("shared").put({"number": 1})
        assert queue.get(timeout=1).payload == {"number": 1}
