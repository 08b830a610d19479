"""Where an erasure stands, what the ledger records, what people ask for, and what raises an alarm."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from policy.expiry import Deferral, RequestKind


class BatchTrigger(models.TextChoices):
    """What a batch erases."""

    PEOPLE = "PEOPLE", _("People whose time is over or who asked")
    VAULT = "VAULT", _("What a released hold had kept")
    REPLAY = "REPLAY", _("People whom a restore brought back")


class BatchState(models.TextChoices):
    """Each step is repeated until it is done; destruction has begun from STARTED on."""

    CLAIMED = "CLAIMED", _("Claimed")
    STARTED = "STARTED", _("Started")
    OBJECTS_GONE = "OBJECTS_GONE", _("Files gone")
    EXTERNAL_GONE = "EXTERNAL_GONE", _("Mailboxes purged")
    ROWS_GONE = "ROWS_GONE", _("Rows gone")
    DONE = "DONE", _("Done")
    EMPTY = "EMPTY", _("Nothing left to do")


FINISHED = (BatchState.DONE, BatchState.EMPTY)


class CaseState(models.TextChoices):
    """Where one person's erasure stands; only those have a row whose erasure is not plain expiry."""

    REQUESTED = "REQUESTED", _("Asked for")
    DEFERRED = "DEFERRED", _("Waits")
    ABORTED = "ABORTED", _("Let go: a contact came before the date")
    BLOCKED = "BLOCKED", _("Blocked")
    DONE = "DONE", _("Erased")


class CaseReason(models.TextChoices):
    """Why."""

    REQUEST = "REQUEST", _("The person asked")
    RESTRICTED = Deferral.RESTRICTED.value, _("Restricted")
    TO_BE_TOLD = Deferral.TO_BE_TOLD.value, _("The person is to be told first")
    REQUEST_OPEN = Deferral.REQUEST_OPEN.value, _("A request is to be answered first")
    MAILBOX = "MAILBOX", _("A mailbox is to be purged")
    STORE = "STORE", _("A store refused")
    RECONTACT = "RECONTACT", _("A contact came before the date")


class LedgerKind(models.TextChoices):
    """Entries of the ledger."""

    ERASURE_STARTED = "erasure_started", _("Erasure started")
    ERASURE_COMPLETED = "erasure_completed", _("Erasure completed")
    JOURNAL = "journal", _("Privacy journal")
    DAY_OF_AUDIT = "day_of_audit", _("Hash of a day of the audit log")
    REPLAYED = "replayed", _("Replayed after a restore")


class SubjectRequestKind(models.TextChoices):
    """What people ask for. The codes are those of ``policy.expiry.RequestKind``."""

    ACCESS = RequestKind.ACCESS.value, _("Access, Art. 15")
    PORTABILITY = RequestKind.PORTABILITY.value, _("Portability, Art. 20")
    RECTIFICATION = RequestKind.RECTIFICATION.value, _("Correction, Art. 16")
    ERASURE = RequestKind.ERASURE.value, _("Erasure, Art. 17")
    RESTRICTION = RequestKind.RESTRICTION.value, _("Restriction, Art. 18")
    OBJECTION = RequestKind.OBJECTION.value, _("Objection, Art. 21")
    WITHDRAWAL = RequestKind.WITHDRAWAL.value, _("Withdrawal of a consent, Art. 7")
    OTHER = RequestKind.OTHER.value, _("Something else")


class RequestChannel(models.TextChoices):
    """How a request came."""

    PORTAL = "PORTAL", _("This portal")
    MAIL = "MAIL", _("Mail")
    LETTER = "LETTER", _("Letter")
    PHONE = "PHONE", _("Phone call")
    IN_PERSON = "IN_PERSON", _("In person")


class Decision(models.TextChoices):
    """How a request ended."""

    FULFILLED = "FULFILLED", _("Fulfilled")
    PARTLY = "PARTLY", _("Fulfilled in part")
    REFUSED = "REFUSED", _("Refused")
    NOTHING_HELD = "NOTHING_HELD", _("Nothing is held")
    WITHDRAWN = "WITHDRAWN", _("Taken back")


class StopReason(models.TextChoices):
    """Why the circuit breaker holds expiries back."""

    LARGE = "LARGE", _("Far more people are due than usual")
    PERIODS_CHANGED = "PERIODS_CHANGED", _("The periods were changed")
    CLOCK_JUMPED = "CLOCK_JUMPED", _("The clock jumped")


class AlarmKind(models.TextChoices):
    """What somebody must look at."""

    RUN_STOPPED = "RUN_STOPPED", _("Erasing waits for a person")
    NOTHING_ERASED = "NOTHING_ERASED", _("People are due and nobody was erased")
    OLDEST_DUE = "OLDEST_DUE", _("Somebody has been due for more than 24 hours")
    BLOCKED = "BLOCKED", _("An erasure has been blocked for more than 24 hours")
    INCIDENT = "INCIDENT", _("An erasure has not been done for seven days")
    MAILBOX = "MAILBOX", _("A mailbox has waited for its purge for seven days")
    STORES_DIFFER = "STORES_DIFFER", _("Files and database disagree")
    PUBLIC_BUCKET = "PUBLIC_BUCKET", _("A bucket is open to the public")
    CLOCKS_DIFFER = "CLOCKS_DIFFER", _("Stored dates and the rule disagree")
    LEDGER = "LEDGER", _("The ledger is not whole")
    MUCH_ACCESS = "MUCH_ACCESS", _("Somebody looked at unusually many candidates")
    MUCH_MAIL = "MUCH_MAIL", _("Somebody who does not answer is written to again and again")
