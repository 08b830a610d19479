"""Other workers, as threads with database connections of their own; such tests need a real transaction."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

SECONDS = 10
T = TypeVar("T")


def at_once(act: Callable[[], T], count: int = 2) -> list[T]:
    """What ``count`` workers answer that do the same at the same moment."""
    barrier = threading.Barrier(count)

    def begin() -> T:
        barrier.wait(SECONDS)
        return act()

    with ThreadPoolExecutor(count) as pool:
        return [future.result(SECONDS) for future in [_submit(pool, begin) for _ in range(count)]]


def elsewhere(act: Callable[[], T]) -> T:
    """What another worker answers now. Raises TimeoutError where it waits for this one."""
    pool = ThreadPoolExecutor(1)
    try:
        return _submit(pool, act).result(SECONDS)
    finally:
        pool.shutdown(wait=False)


def _submit(pool: ThreadPoolExecutor, act: Callable[[], T]) -> "Future[T]":
    def run() -> T:
        try:
            return act()
        finally:
            connection.close()

    return pool.submit(run)
