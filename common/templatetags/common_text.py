"""Filters that put dates and events into words."""

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from policy.contact import Event, EventKind

register = template.Library()

LABELS: dict[str, Promise] = {
    EventKind.APPLICATION_SUBMITTED: _("Application sent"),
    EventKind.APPLICATION_WITHDRAWN: _("Application withdrawn"),
    EventKind.MAIL_RECEIVED: _("Mail from the candidate"),
    EventKind.MAIL_SENT: _("Mail to the candidate"),
    EventKind.CALL: _("Call"),
    EventKind.INTERVIEW: _("Interview held"),
    EventKind.MESSAGE_RECEIVED: _("Message from the candidate"),
    EventKind.DOCUMENT_ADDED: _("Document added"),
    EventKind.AUTOMATIC_MAIL: _("Automatic mail"),
    EventKind.RIGHT_EXERCISED: _("A right was used"),
    EventKind.CONSENT_CHANGED: _("Consent to longer storage given or taken back"),
    EventKind.STAFF_WORK: _("Work of the recruiters"),
}
WHY: dict[str, Promise] = {
    "E3": _("Automatic mail is no contact."),
    "E9": _("Using a right or changing a consent does not lengthen storage."),
    "E12": _("Notes and moves are the recruiters' own work and no contact."),
}


@register.filter
def iso_date(value: str) -> str:
    """A date given as ISO text, as the language writes it."""
    return date_format(date.fromisoformat(value), "DATE_FORMAT")


@register.filter
def event_label(kind: str) -> "Promise | str":
    """What kind of event it was, in words."""
    return LABELS.get(kind, kind)


@register.filter
def counts_why(event: Event) -> "Promise | str":
    """Why an event moves the date, or does not."""
    if event.is_revoked:
        return _("It did not take place after all.")
    if event.counts:
        return _("A contact that took place.")
    return WHY.get(event.rule, "")
