"""The inventory of cookies: whatever the portal sets stands here, and a test holds a browser's jar against it.

All are strictly necessary, so there is no banner (Act 917/2014 §205; policy §4).
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Cookie:
    """One cookie: its name, what it is for, and how long it lasts. All are set by this site alone."""

    name: str
    purpose: "str | Promise"
    lifetime: "str | Promise"


def inventory() -> list[Cookie]:
    """Every cookie that this site may set."""
    return [
        Cookie(
            settings.APPLY_COOKIE_NAME,
            _("Keeps the application that you are writing, and the files that you attached, yours alone."),
            _("24 hours"),
        ),
        Cookie(
            settings.PORTAL_COOKIE_NAME,
            _("Keeps you signed in to “My data” after you followed the link in your mail."),
            _("2 hours at most, 30 minutes without use"),
        ),
        Cookie(
            settings.MESSAGES_COOKIE_NAME,
            _("Carries the message about what you just did to the next page."),
            _("One page"),
        ),
        Cookie(settings.CSRF_COOKIE_NAME, _("Makes sure that a form was sent from this site."), _("1 year")),
        Cookie(
            settings.SESSION_COOKIE_NAME,
            _("Keeps our own staff signed in. Visitors do not get it."),
            _("12 hours at most, 1 hour without use"),
        ),
    ]
