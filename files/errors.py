"""Errors of the store."""


class StoreError(Exception):
    """The store did not do what it was asked; what was to go may still be there, and the act is to be repeated."""


class FileRefused(Exception):
    """A file that is not taken; ``reason`` is a ``files.enums.Refusal``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CheckerBusy(Exception):
    """The file could not be checked just now: as many checks as the machine has cores are running. Ask again soon."""
