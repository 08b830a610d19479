"""There is no default storage: every object is written through ``files.services``."""

from typing import Any, NoReturn

from django.core.files.storage import Storage


class NoDefaultStorage(Storage):
    """Refuses to open or to save."""

    def _open(self, name: str, mode: str = "rb") -> NoReturn:
        raise NotImplementedError("use files.services")

    def _save(self, name: str, content: Any) -> NoReturn:
        raise NotImplementedError("use files.services")
