"""Erasures under way, and the numbers of the ledger."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from common.models import UUIDModel
from privacy.enums import BatchState, LedgerKind


class ErasureBatch(UUIDModel):
    """Some candidates that one worker erases together. A dead worker's batch is taken over when its lease is over.

    ``fence`` grows with each worker that takes the batch, so that one that woke up late can do nothing any more.
    """

    state = models.CharField(max_length=20, choices=BatchState.choices, default=BatchState.CLAIMED)
    candidate_refs = ArrayField(models.UUIDField())
    counts = models.JSONField(default=dict)
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    fence = models.PositiveIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)
    blocked_by = models.CharField(max_length=100, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=~models.Q(state__in=[BatchState.DONE, BatchState.EMPTY]),
                name="privacy_batch_unfinished",
            )
        ]


class LedgerRecord(models.Model):
    """A number of the ledger, reserved with its content and hash before the object is written (design: the ledger)."""

    number = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=30, choices=LedgerKind.choices)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    reserved_at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"LedgerRecord {self.number}"
