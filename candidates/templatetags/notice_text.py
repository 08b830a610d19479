"""A filter that lays out the notice that people get whom we approach."""

from django import template

register = template.Library()


@register.filter
def notice_parts(body: str) -> list[tuple[str, str]]:
    """The parts of the notice: each a heading, which is the first line of a block, and the text below it."""
    parts = (block.partition("\n") for block in body.split("\n\n"))
    return [(heading, " ".join(text.split())) for heading, _newline, text in parts]
