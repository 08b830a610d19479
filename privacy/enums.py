"""Where an erasure stands, and what the ledger records."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BatchState(models.TextChoices):
    """Each step is repeated until it is done; destruction has begun from STARTED on."""

    CLAIMED = "CLAIMED", _("Claimed")
    STARTED = "STARTED", _("Started")
    OBJECTS_GONE = "OBJECTS_GONE", _("Files gone")
    ROWS_GONE = "ROWS_GONE", _("Rows gone")
    DONE = "DONE", _("Done")
    EMPTY = "EMPTY", _("Nothing left to do")


class LedgerKind(models.TextChoices):
    """Entries of the ledger."""

    ERASURE_STARTED = "erasure_started", _("Erasure started")
    ERASURE_COMPLETED = "erasure_completed", _("Erasure completed")
