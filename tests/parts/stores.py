"""Stores of which something is broken."""

from collections.abc import Callable, Iterable
from typing import IO, Protocol

import pytest
from pytest_django import Settings

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


class SilentReader(LocalObjectStorage):
    """Gives no entry, and does not say that it has none."""

    def open_object(self, key: str) -> IO[bytes]:
        raise StoreError("EndpointConnectionError")


class RefusingOne(LocalObjectStorage):
    """Refuses to delete below one prefix."""

    def __init__(self, refused: str = "", **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.refused = refused

    def purge_prefixes(self, prefixes: Iterable[str]) -> int:
        wanted = list(prefixes)
        if f"{self.refused}/" in wanted:
            raise StoreError("AccessDenied")
        return super().purge_prefixes(wanted)


class BreakStore(Protocol):
    """Puts one of the stores above, by its name, in an alias's place; what it returns mends it."""

    def __call__(self, alias: str, name: str, **options: str) -> Callable[[], None]: ...


@pytest.fixture
def break_store(settings: Settings) -> BreakStore:
    """See ``BreakStore``."""

    def break_(alias: str, name: str, **options: str) -> Callable[[], None]:
        sound = settings.STORAGES
        broken = {"BACKEND": f"tests.parts.stores.{name}", "OPTIONS": {**sound[alias]["OPTIONS"], **options}}
        settings.STORAGES = {**sound, alias: broken}

        def mend() -> None:
            settings.STORAGES = sound

        return mend

    return break_
