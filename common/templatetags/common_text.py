"""Filters that put dates and events into words."""

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from policy.contact import EventKind, Verdict, Why

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
    EventKind.AUTO_REPLY: _("Automatic reply"),
    EventKind.INTERVIEW_PLANNED: _("Interview planned"),
    EventKind.OUTREACH: _("First message to the person"),
    EventKind.IMPORTED_CONTACT: _("Last contact, as imported"),
    EventKind.IMPORTED_LATER: _("Contact named by an import"),
    EventKind.PORTAL_VISIT: _("Visit to the portal"),
    EventKind.REMINDER: _("Reminder or notice that the law asks for"),
    EventKind.BULK_MAIL: _("Mail to many people"),
    EventKind.THIRD_PARTY: _("Talk with somebody else"),
    EventKind.OTHER_ROLE: _("Contact in another role"),
}
WHY: dict[str, Promise] = {
    "E3": _("Automatic mail is no contact."),
    "E4": _("An automatic reply is no contact."),
    "E6": _("What is only planned is no contact yet."),
    "E8": _("Looking at something is no contact."),
    "E9": _("Using a right or changing a consent does not lengthen storage."),
    "E10": _("A reminder or a notice is no contact."),
    "E11": _("A mail to many people is no contact with one."),
    "E12": _("Notes and moves are the recruiters' own work and no contact."),
    "E13": _("Somebody else's words are no contact with the person."),
    "E14": _("An import does not move the date of a person who was known already."),
    "E16": _("A contact in another role is not about recruitment."),
}
NOT_TAKEN_PLACE: dict[Why, Promise] = {
    Why.BOUNCED: _("The mail came back, so it did not reach the person."),
    Why.NO_SHOW: _("Nobody came, so it did not take place."),
    Why.CORRECTED: _("It was recorded by mistake."),
    Why.UNANSWERED: _("Only the first message counts until the person answers."),
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
def counts_why(verdict: Verdict) -> "Promise | str":
    """Why an event moves the date, or does not."""
    if verdict.counts:
        return _("A contact that took place.")
    return NOT_TAKEN_PLACE[verdict.why] if verdict.why in NOT_TAKEN_PLACE else WHY.get(verdict.rule, "")
