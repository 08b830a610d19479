"""What a check of a file says. Apart from the checker, so that whoever reads a verdict need not load its parsers."""

from dataclasses import dataclass

from files.enums import MediaKind, Refusal


@dataclass(frozen=True)
class Verdict:
    """What became of one check. Taken when ``refusal`` is None; ``kind`` is then the true type.

    A refused file has a ``kind`` where it was recognised all the same: an encrypted PDF is a PDF. ``detail`` is for
    logs and holds nothing of the file. ``content`` is what to keep in place of what was sent, or None to keep that: a
    picture is drawn anew.
    """

    kind: MediaKind | None
    refusal: Refusal | None
    detail: str
    content: bytes | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the file may be kept."""
        return self.refusal is None
