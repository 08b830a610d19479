"""Errors of the store."""


class StoreError(Exception):
    """The store did not do what it was asked; what was to go may still be there, and the act is to be repeated."""


class NotHandedOut(Exception):
    """A file that nobody may have now; ``is_waiting`` says that it may be had once the virus scan is done."""

    def __init__(self, *, is_waiting: bool) -> None:
        super().__init__("waiting" if is_waiting else "never")
        self.is_waiting = is_waiting


class FileRefused(Exception):
    """A file that is not taken; ``reason`` is a ``files.enums.Refusal``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CheckerBusy(Exception):
    """The file could not be checked just now: as many checks as the machine has cores are running. Ask again soon."""
