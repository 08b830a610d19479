"""Errors that a caller is expected to handle. Everything else is a defect and is let through."""

from django.utils.functional import Promise


class Refused(Exception):
    """An act that a rule forbids. ``message`` is for the person, in their language; ``code`` is stable."""

    def __init__(self, code: str, message: "str | Promise" = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message or code

    def __str__(self) -> str:
        return str(self.message)


class RawDeletionRefused(TypeError):
    """Somebody tried to delete a person's rows without an erasure. Erase through ``privacy`` instead."""
