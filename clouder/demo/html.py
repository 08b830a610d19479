"""What the check reads from a page: its text, its links, and its forms as a browser would fill them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNSENT = {"submit", "button", "reset", "image", "file"}


@dataclass
class Form:
    """A form: where it goes, and what it would send."""

    action: str
    method: str
    is_multipart: bool
    fields: list[tuple[str, str]] = field(default_factory=list)
    controls: set[str] = field(default_factory=set)
    file_inputs: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, values: Mapping[str, str], *, button: str = "") -> list[tuple[str, str]]:
        """What is sent when these values are filled in and the button of this name is pressed.

        Raises LookupError for a control or button that the form does not have.
        """
        if unknown := set(values) - self.controls:
            raise LookupError(f"the form has no field {sorted(unknown)}")
        pressed = [pair for pair in self.buttons if pair[0] == button] if button else []
        if button and not pressed:
            raise LookupError(f"the form has no button {button}")
        kept = [pair for pair in self.fields if pair[0] not in values]
        return [*kept, *values.items(), *pressed[:1]]

    def value(self, name: str) -> str:
        """What a field was served with. Raises LookupError where the form does not have it."""
        for key, value in self.fields:
            if key == name:
                return value
        raise LookupError(f"the form has no field {name}")


@dataclass(frozen=True)
class Page:
    """An answer of the portal."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def location(self) -> str:
        """Where it redirects to."""
        return self.headers.get("Location", "")

    @cached_property
    def _read(self) -> "_Reader":
        reader = _Reader()
        reader.feed(self.content.decode(errors="replace"))
        reader.close()
        return reader

    @property
    def text(self) -> str:
        """The visible text, with single spaces."""
        return " ".join("".join(self._read.pieces).split())

    @property
    def links(self) -> list[str]:
        """The targets of its links, as they stand."""
        return self._read.links

    @property
    def forms(self) -> list[Form]:
        """Its forms."""
        return self._read.forms

    @property
    def errors(self) -> list[str]:
        """The texts that are marked as errors."""
        return [" ".join(text.split()) for text in self._read.errors if text.strip()]

    def form_with(self, *names: str) -> Form:
        """The first form that has all these controls, file inputs or buttons. Raises LookupError."""
        for form in self.forms:
            if set(names) <= form.controls | set(form.file_inputs) | {name for name, _ in form.buttons}:
                return form
        raise LookupError(f"the page has no form with {', '.join(names)}")

    def form_to(self, action: str) -> Form:
        """The first form that goes to this address. Raises LookupError."""
        for form in self.forms:
            if form.action == action:
                return form
        raise LookupError(f"the page has no form to {action}")


class _Reader(HTMLParser):
    """Reads forms, links, visible text, and text within elements whose class names an error."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.pieces: list[str] = []
        self.errors: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._by_id: dict[str, Form] = {}
        self._form: Form | None = None
        self._textarea: list[str] | None = None
        self._select: tuple[Form | None, str, list[tuple[str, bool]]] | None = None
        self._named = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        found = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            is_error = "error" in found.get("class", "").split() or found.get("role") == "alert"
            self._open.append((tag, is_error))
            if is_error:
                self.errors.append("")
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "form":
            self._begin_form(found)
        elif tag in {"input", "textarea", "select", "button"}:
            self._control(tag, found)
        elif tag == "option" and self._select:
            self._select[2].append((found.get("value", ""), "selected" in found))
        self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Note what ends."""
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._textarea is not None:
            self._finish_textarea()
        elif tag == "select" and self._select:
            self._finish_select()
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                break
        self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        """Keep text that a person sees."""
        if self._textarea is not None:
            self._textarea.append(data)
        if not any(tag in {"script", "style", "template"} for tag, _ in self._open):
            self.pieces.append(data)
            if any(is_error for _, is_error in self._open) and self.errors:
                self.errors[-1] += f" {data}"

    def _begin_form(self, found: dict[str, str]) -> None:
        self._form = Form(
            action=found.get("action", ""),
            method=found.get("method", "get").lower(),
            is_multipart=found.get("enctype", "") == "multipart/form-data",
        )
        self.forms.append(self._form)
        self._by_id[found.get("id", "")] = self._form

    def _control(self, tag: str, found: dict[str, str]) -> None:
        form = self._by_id.get(found["form"]) if "form" in found else self._form
        name, kind = found.get("name", ""), found.get("type", "text").lower()
        if tag == "textarea":
            self._textarea, self._named = [], name
        elif tag == "select":
            self._select = (form, name, [])
        if form is None or not name or "disabled" in found:
            return
        if tag == "button" or kind in {"submit", "image"}:
            form.buttons.append((name, found.get("value", "")))
        elif kind == "file":
            form.file_inputs.append(name)
        elif kind not in UNSENT:
            form.controls.add(name)
            if tag == "input" and (kind not in {"checkbox", "radio"} or "checked" in found):
                form.fields.append((name, found.get("value", "on" if kind in {"checkbox", "radio"} else "")))

    def _finish_textarea(self) -> None:
        text = "".join(self._textarea or []).removeprefix("\n")
        if self._form and self._named:
            self._form.fields.append((self._named, text))
        self._textarea = None

    def _finish_select(self) -> None:
        assert self._select is not None
        form, name, options = self._select
        chosen = [value for value, is_selected in options if is_selected] or [value for value, _ in options[:1]]
        if form and name:
            form.fields += [(name, value) for value in chosen]
        self._select = None
