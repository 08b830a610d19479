"""What lies in the vault, in words."""

from collections.abc import Mapping
from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from candidates.enums import (
    Direction,
    DocumentKind,
    InteractionKind,
    MeansOfContact,
    RevocationReason,
    Stage,
)

register = template.Library()

LABELS: dict[str, Promise] = {
    "name": _("Name"),
    "reference": _("Reference"),
    "application": _("Application"),
    "position": _("Position"),
    "position_fi": _("Position in Finnish"),
    "language": _("Language"),
    "cover_letter": _("Cover letter"),
    "stage": _("Stage"),
    "submitted_at": _("Sent"),
    "stage_changed_at": _("In this stage since"),
    "closed_at": _("Closed"),
    "kind": _("Kind"),
    "file": _("File"),
    "added_at": _("Added"),
    "author_role": _("Written by"),
    "at": _("When"),
    "text": _("Text"),
    "means": _("By what means"),
    "direction": _("Who began it"),
    "occurred_at": _("When it took place"),
    "recorded_at": _("Recorded"),
    "recorded_by_role": _("Recorded by"),
    "revoked_at": _("Taken back"),
    "revocation": _("Why it was taken back"),
    "from_stage": _("Moved from"),
    "to_stage": _("Moved to"),
    "reason": _("Reason"),
    "actor_role": _("Moved by"),
}
WORDS: dict[str, Promise | str] = {
    choice.value: choice.label
    for choices in (Stage, InteractionKind, MeansOfContact, Direction, RevocationReason, DocumentKind)
    for choice in choices
}


def held_rows(content: Mapping[str, str]) -> list[tuple[str, str]]:
    """What an item holds, in the order in which people read it; the database keeps none."""
    return [(name, content[name]) for name in LABELS if content.get(name)]


@register.filter
def held_label(name: str) -> "Promise | str":
    """What a value in the vault is."""
    return LABELS.get(name, name)


@register.filter
def held_value(value: str) -> "Promise | str":
    """A value in the vault: a code in words, an instant as the language writes it, a text as it is."""
    if value in WORDS:
        return WORDS[value]
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return date_format(localtime(moment), "DATETIME_FORMAT") if moment.tzinfo else value
