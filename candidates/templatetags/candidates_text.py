"""Filters for texts that recruiters and candidates wrote."""

import nh3
from django import template
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from common.forms import check_link

register = template.Library()

_TAGS = {"p", "ul", "ol", "li", "strong", "em", "h3", "h4", "a", "br", "blockquote", "code"}
_markdown = MarkdownIt("commonmark", {"html": False})


@register.filter
def markdown(value: str) -> SafeString:
    """Markdown as HTML that nh3 has cleaned: a few tags, links to the web only, headings below the page's own."""
    html = _markdown.render(value).replace("<h1>", "<h3>").replace("</h1>", "</h3>")
    html = html.replace("<h2>", "<h3>").replace("</h2>", "</h3>")
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    )
    return SafeString(clean)


@register.filter
def safe_link(value: str) -> str:
    """The address if a browser may follow it, and nothing if not: checked on the way out as well as in (T2)."""
    try:
        check_link(value)
    except ValidationError:
        return ""
    return value
