"""Words of Django's own that its Finnish lacks or says otherwise than we do, as far as our pages show them.

Nothing uses this module: the marks keep the words in our catalogue, which goes before Django's.
tests/architecture/test_messages.py tells when a new Django brings new gaps. Those of the admin's scripts are in
locale/fi/LC_MESSAGES/djangojs.po, which is kept by hand.
"""

from django.utils.translation import gettext_noop, ngettext_lazy

WORDS = (
    gettext_noop("Model name"),
    gettext_noop("Add link"),
    gettext_noop("Change or view list link"),
    gettext_noop("After you’ve created a user, you’ll be able to edit more user options."),  # noqa: RUF001
    gettext_noop("Change %s"),
    gettext_noop("Delete selected %(verbose_name_plural)s"),
    gettext_noop("%(app)s administration"),
    gettext_noop(
        "Please enter the correct %(username)s and password for a staff account. "
        "Note that both fields may be case-sensitive."
    ),
    gettext_noop("Logged out"),
    gettext_noop("Thanks for spending some quality time with the web site today."),
    gettext_noop("%s KB"),
    gettext_noop("%s MB"),
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
        1,
    ),
)
