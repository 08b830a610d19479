"""Stores of which something is broken."""

from collections.abc import Iterable

from files.errors import StoreError
from files.storage_local import LocalObjectStorage


class RefusingStore(LocalObjectStorage):
    """Refuses to delete, as a bucket does whose policy forbids it."""

    def purge_prefixes(self, prefixes: Iterable[str]) -> int:
        raise StoreError("AccessDenied")

    def purge_keys(self, keys: Iterable[str]) -> int:
        raise StoreError("AccessDenied")


class ForgetfulStore(LocalObjectStorage):
    """Says that it deleted, and did not."""

    def purge_prefixes(self, prefixes: Iterable[str]) -> int:
        return len(list(prefixes))


class SilentLedger(LocalObjectStorage):
    """Takes no entry."""

    def put_new(self, key: str, content: object) -> None:
        raise StoreError("EndpointConnectionError")
