"""How the recruiters' lists show a stage, a day and the last day of storage."""

from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from candidates.enums import Stage
from candidates.models import Candidate
from candidates.pipeline import ENDS
from policy.retention import notice_due_on

SOON = timedelta(days=30)


def stage_mark(code: str) -> SafeString:
    """A stage in words; one that closes an application is drawn fainter."""
    stage = Stage(code)
    return format_html('<span class="stage{}">{}</span>', " over" if stage in ENDS else "", stage.label)


def approach_mark(candidate: Candidate) -> SafeString:
    """That we approached the person, and by when they must be told where they were not (GDPR Art. 14)."""
    if candidate.noticed_at:
        return format_html('<span class="tag">{}</span>', _("approached"))
    text = _("tell by %(date)s") % {"date": date_format(notice_due_on(candidate.collected_at), "SHORT_DATE_FORMAT")}
    return format_html('<span class="tag warn">{}</span>', text)


def labelled(text: str, sentence: str) -> SafeString:
    """A value, and the sentence that stands in its place on a small screen, which has no column head."""
    return format_html('<span class="wide-only">{}</span><span class="narrow-only">{}</span>', text, sentence)


def kept_until(last_day: date, *, today: date) -> SafeString:
    """The last day of storage, with a mark where it is near; a small screen has no column head, so there it is a
    sentence.
    """
    text = date_format(last_day, "SHORT_DATE_FORMAT")
    sentence = _("Kept until %(date)s") % {"date": text}
    mark = format_html(' <span class="tag warn">{}</span>', _("soon erased")) if last_day - today <= SOON else ""
    return format_html("{}{}", labelled(text, sentence), mark)
