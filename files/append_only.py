"""The ledger's objects: written once under a number, never changed, behind a storage alias of their own.

They leave only when their period is over, and a bucket that locks them refuses even that.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import islice
from typing import Any

from django.core.files.storage import storages

AT_ONCE = 16
"""How many objects are read at the same time: a bucket answers each after some milliseconds."""
AHEAD = 400
"""How many objects are held in memory."""


def _store() -> Any:
    return storages["ledger"]


def write_once(key: str, content: bytes) -> bool:
    """Create an object. Returns False where one of that key with the same content is there already.

    Raises FileExistsError where another content is there.
    """
    try:
        _store().put_new(key, BytesIO(content))
    except FileExistsError:
        if read(key) == content:
            return False
        raise
    return True


def read(key: str) -> bytes:
    """The content of an object. Raises FileNotFoundError."""
    with _store().open_object(key) as stream:
        content: bytes = stream.read()
    return content


def exists(key: str) -> bool:
    """Whether there is an object of that key."""
    try:
        read(key)
    except FileNotFoundError:
        return False
    return True


def read_all(keys_in_order: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The contents of many objects, in the order of their keys, some hundreds in memory at a time.

    Raises FileNotFoundError where one is not there.
    """
    rest = iter(keys_in_order)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(rest, AHEAD)):
            yield from zip(batch, pool.map(read, batch), strict=True)


def purge(old_keys: Iterable[str]) -> int:
    """Delete objects whose period is over; one that is not there is no error. Returns how many versions went.

    Raises ``files.errors.StoreError`` where the store refused.
    """
    purged: int = _store().purge_keys(old_keys)
    return purged


def keys() -> list[str]:
    """All keys, in order."""
    found: list[str] = _store().list_keys()
    return found
