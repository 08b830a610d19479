"""How much of the application form may be used from one place in an hour or a day, and what whoever used more is told.

Everything is counted by the network that a request comes from (/24, /48), so that nobody else is slowed by a flood.
Files and bytes are counted by the record that they would belong to and by the address that was typed as well (ASVS
5.2.4). The address counts whether or not anybody is known under it: an answer that differed would tell who is.
Every answer keeps what was entered, and says when to try again.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from common import limits
from common.network import address_prefix
from policy.identifiers import normalise_address

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


def post_problem(request: HttpRequest, *, at: datetime) -> str:
    """Why this form is not even read now; empty if it is. Counts it."""
    allowed = settings.FORM_POSTS_PER_HOUR_AND_PREFIX
    return _form_problem("posts", request, allowed, at)


def draft_problem(request: HttpRequest, *, at: datetime) -> str:
    """Why no application more may be begun from here now; empty if one may. Counts one."""
    return _form_problem("drafts", request, settings.SUBMISSIONS_PER_HOUR_AND_PREFIX, at)


def _form_problem(name: str, request: HttpRequest, allowed: int, at: datetime) -> str:
    if limits.take(name, address_prefix(request), limit=allowed, window=HOUR, at=at):
        return ""
    return _(
        "Too many forms were sent from here. What you wrote is kept: continue after %(when)s, and choose again any "
        "file that you chose just now."
    ) % {"when": _when(HOUR, at)}


def honeypot_problem(request: HttpRequest) -> str:
    """What is said to whoever filled in the field that people do not see; empty for people."""
    if request.POST.get("website"):
        return _("A field that people do not see was filled in. Send again without it.")
    return ""


def sending_problem(request: HttpRequest, email: str, *, shown_at: datetime, at: datetime) -> str:
    """Why an application may not be sent now; empty if it may. Counts it (limits: application form)."""
    if problem := honeypot_problem(request):
        return problem
    if at - shown_at < settings.FORM_MIN_FILL_TIME:
        return _("That was very fast. Wait a few seconds and send again.")
    for name, key, allowed, window in (
        ("submissions", address_prefix(request), settings.SUBMISSIONS_PER_HOUR_AND_PREFIX, HOUR),
        ("submissions-address", normalise_address(email), settings.SUBMISSIONS_PER_DAY_AND_ADDRESS, DAY),
    ):
        if not limits.take(name, key, limit=allowed, window=window, at=at):
            return _("Too many applications were sent from here. Nothing is lost: send again after %(when)s.") % {
                "when": _when(window, at)
            }
    return ""


def file_problem(prefix: str, candidate_ref: UUID, email: str, size: int, *, at: datetime) -> str:
    """Why a file of so many bytes may not be stored now; empty if it may. Counts it, stored or not."""
    places = [("", prefix), ("-record", str(candidate_ref))]
    with suppress(ValueError):  # what is no address will be asked for again, and cannot be sent like this
        places.append(("-address", normalise_address(email)))
    for kind, key in places:
        for name, allowed, amount in (
            ("files", settings.FILES_PER_DAY_AND_PREFIX, 1),
            ("bytes", settings.BYTES_PER_DAY_AND_PREFIX, size),
        ):
            if not limits.take(f"{name}{kind}", key, limit=allowed, window=DAY, at=at, amount=amount):
                return _(
                    "Too many files were sent today. Choose this one again after %(when)s, or give a link to it "
                    "instead; everything else is kept"
                ) % {"when": _when(DAY, at)}
    return ""


def _when(window: timedelta, at: datetime) -> str:
    return date_format(localtime(limits.retry_at(window, at)), "SHORT_DATETIME_FORMAT")
