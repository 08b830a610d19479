"""A member of staff at the admin: signed in, with a clock of their own, reading parts of pages as text."""

from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import User

_VOID = {"input", "br", "hr", "img", "link", "meta", "use", "path", "source", "wbr"}


class Desk:
    """Requests of one user at one instant."""

    def __init__(self, user: User | None, at: datetime) -> None:
        self.client = Client()
        self.at = at
        if user:
            with time_machine.travel(at, tick=False):
                self.client.force_login(user)

    def get(self, name: str, /, *args: Any, **query: str) -> Any:
        """Look at a page of the admin."""
        with time_machine.travel(self.at, tick=False):
            return self.client.get(reverse(f"admin:{name}", args=args), query)

    def post(self, name: str, /, *args: Any, **data: Any) -> Any:
        """Send a form of the admin."""
        with time_machine.travel(self.at, tick=False):
            return self.client.post(reverse(f"admin:{name}", args=args), data)


class _Part(HTMLParser):
    """Collects the text of the first element with an attribute of this value."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__()
        self.wanted = (name, value)
        self.depth = 0
        self.is_over = False
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_inside = self.depth > 0 or (self.wanted in attrs and not self.is_over)
        if is_inside and tag not in _VOID:
            self.depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content opens nothing."""

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag not in _VOID:
            self.depth -= 1
            self.is_over = self.depth == 0

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.words += data.split()


def part(response: Any, value: str, name: str = "aria-labelledby") -> str | None:
    """The text of the first element with this attribute, as one line; None where the page has no such element."""
    parser = _Part(name, value)
    parser.feed(response.content.decode())
    return " ".join(parser.words) if parser.is_over else None


def notices(response: Any) -> list[str]:
    """What the page after a redirect says about what was done."""
    return [str(message) for message in response.wsgi_request._messages._queued_messages]
