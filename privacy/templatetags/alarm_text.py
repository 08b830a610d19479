"""Alarms in words: for the mail, and for the privacy officer's page."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.enums import AlarmKind

register = template.Library()

ADVICE: dict[str, Promise] = {
    AlarmKind.RUN_STOPPED: _(
        "The portal has stopped erasing people whose time is over, and waits for you. They stay hidden meanwhile. "
        "Look at the numbers, then approve or object. If nobody objects, erasing goes on by itself when the time "
        "on the page is over."
    ),
    AlarmKind.NOTHING_ERASED: _(
        "People have been due for more than a day, and no run has erased anybody in the last 24 hours. Ask whoever"
        " runs the portal whether the worker and the scheduler are running."
    ),
    AlarmKind.OLDEST_DUE: _(
        "The number is for how many hours the oldest of them has been due. The promise is 24 hours, or 96 where a "
        "run was stopped. Nobody sees their data any more, but they are still stored."
    ),
    AlarmKind.BLOCKED: _(
        "A store refuses to delete. The portal tries again at least every six hours. Ask whoever runs the portal "
        "to look at the store and at the log."
    ),
    AlarmKind.INCIDENT: _(
        "An erasure that began seven days ago is not done. Treat it as an incident: find out why, and write down "
        "what was decided."
    ),
    AlarmKind.MAILBOX: _(
        "Somebody must delete a person's messages in the mailbox and record it. The person is told that they are "
        "erased only after that."
    ),
    AlarmKind.STORES_DIFFER: _(
        "The nightly check found files that no record knows, records whose file is lost, or old versions behind a "
        "file. What is safe to repair is repaired; ask whoever runs the portal to look at the rest."
    ),
    AlarmKind.PUBLIC_BUCKET: _(
        "The number is how many buckets do not block public access. Strangers may be able to read CVs. Ask whoever "
        "runs the portal to close them now, and find out since when they were open and who read what: it may be a "
        "breach that must be told to the authority within 72 hours."
    ),
    AlarmKind.CLOCKS_DIFFER: _(
        "The number is of how many people the stored date was not what the rule says. The dates are right again; "
        "find out what changed them."
    ),
    AlarmKind.LEDGER: _(
        "The ledger of erasures is broken, has a gap, or does not agree with the database. Ask whoever runs the "
        "portal to check it before anything else is done."
    ),
    AlarmKind.MUCH_ACCESS: _(
        "The number is how many candidates one colleague opened within an hour. Ask what for; the access report "
        "names the colleague and the records."
    ),
    AlarmKind.MUCH_MAIL: _(
        "The number is how many messages somebody got within a year without answering any. Each moved the date of "
        "their erasure. Ask the recruiter whether the messages were about a real opening."
    ),
}


@register.filter
def alarm_label(kind: str) -> str:
    """What an alarm says, in a line."""
    return str(AlarmKind(kind).label)


@register.filter
def alarm_advice(kind: str) -> str:
    """What an alarm means, and what is to be done."""
    return str(ADVICE[kind])
