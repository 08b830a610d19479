"""A small browser over Django's test client: follows forms as they were served, hidden fields included."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client


class _Forms(HTMLParser):
    """Collects the values of every form of a page, as a browser would send them without a click on a button."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._textarea: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.forms.append({"action": values.get("action") or "", "data": {}, "buttons": []})
        elif self.forms:
            self._take(tag, values)

    def _take(self, tag: str, values: dict[str, str | None]) -> None:
        """One element of the newest form."""
        data, name = self.forms[-1]["data"], values.get("name")
        if tag == "option" and self._select and ("selected" in values or self._select not in data):
            data[self._select] = values.get("value") or ""
        elif tag == "textarea" and name:
            self._textarea, data[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "button" and name:
            self.forms[-1]["buttons"].append((name, values.get("value")))
        elif tag == "input" and name and _is_sent(values):
            data[name] = values.get("value") or ("on" if "checked" in values else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._textarea and self.forms:
            # The first line break after the tag is not part of the value.
            previous = self.forms[-1]["data"][self._textarea]
            self.forms[-1]["data"][self._textarea] = previous + (data.removeprefix("\n") if not previous else data)


def _is_sent(values: dict[str, str | None]) -> bool:
    """Whether a browser sends this input as it stands."""
    return values.get("type") not in {"submit", "file", "checkbox", "radio"} or "checked" in values


def forms(response: HttpResponse) -> list[dict[str, Any]]:
    """Every form of a page: its action, its values and its named buttons."""
    parser = _Forms()
    parser.feed(response.content.decode())
    return parser.forms


def form_with(response: HttpResponse, field: str) -> dict[str, Any]:
    """The form of a page that holds a field. Raises LookupError if none does."""
    for form in forms(response):
        if field in form["data"] or field in {name for name, _ in form["buttons"]}:
            return form
    raise LookupError(field)


def submit(client: Client, response: HttpResponse, url: str, field: str = "token", **changes: Any) -> HttpResponse:
    """Send the form that holds ``field``, with some values changed; ``None`` leaves a value out."""
    form = form_with(response, field)
    data = {**form["data"], **changes}
    sent: HttpResponse = client.post(
        form["action"] or url, {name: value for name, value in data.items() if value is not None}
    )
    return sent


def body_of(response: Any) -> bytes:
    """The whole body, with the file behind it closed.

    Closing the response itself would end Django's request, and with it the test's database connection.
    """
    if not response.streaming:
        return bytes(response.content)
    body = b"".join(response.streaming_content)
    for close in response._resource_closers:
        close()
    return body
