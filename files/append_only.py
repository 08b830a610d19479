"""The ledger's objects: written once under a number, never changed, behind a storage alias of their own."""

from io import BytesIO
from typing import Any

from django.core.files.storage import storages


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


def keys() -> list[str]:
    """All keys, in order."""
    found: list[str] = _store().list_keys()
    return found
