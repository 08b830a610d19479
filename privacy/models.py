"""Erasures under way, the numbers of the ledger, requests of people, and what watches over all of it.

Nothing here has a foreign key to a person: what names one is an opaque reference, and outlives the person.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.lookups import StoredRefs
from common.models import UUIDModel
from privacy.enums import (
    FINISHED,
    AlarmKind,
    BatchState,
    BatchTrigger,
    CaseReason,
    CaseState,
    Decision,
    LedgerKind,
    RequestChannel,
    StopReason,
    SubjectRequestKind,
)


class ErasureBatchQuerySet(models.QuerySet["ErasureBatch"]):
    """Batches by what they wait for."""

    def unfinished(self) -> "ErasureBatchQuerySet":
        """Those that a worker still has to do something about."""
        return self.exclude(state__in=FINISHED)

    def waiting_for_mailbox(self) -> "ErasureBatchQuerySet":
        """Those that wait for a human who purges a mailbox."""
        return self.filter(mailbox_waits_since__isnull=False, mailbox_purged_at=None, finished_at=None)


class ErasureBatch(UUIDModel):
    """Some candidates that one worker erases together. A dead worker's batch is taken over when its lease is over.

    ``fence`` grows with each worker that takes the batch, so that one that woke up late can do nothing any more.
    ``mailbox_waits_since`` is set while the batch waits for a human who purges a mailbox, ``mailbox_purged_at`` when
    that is evidenced. A batch of the vault holds vault references in place of candidates'.
    """

    trigger = models.CharField(max_length=20, choices=BatchTrigger.choices, default=BatchTrigger.PEOPLE)
    state = models.CharField(max_length=20, choices=BatchState.choices, default=BatchState.CLAIMED)
    candidate_refs = ArrayField(models.UUIDField())
    counts = models.JSONField(default=dict)
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    fence = models.PositiveIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)
    blocked_by = models.CharField(max_length=100, blank=True)
    blocked_since = models.DateTimeField(null=True)
    has_mailbox = models.BooleanField(default=False)
    mailbox_waits_since = models.DateTimeField(null=True)
    mailbox_purged_at = models.DateTimeField(null=True)
    mailbox_purged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)

    objects = ErasureBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure that waits for a mailbox")
        verbose_name_plural = _("erasures that wait for a mailbox")
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=~models.Q(state__in=FINISHED),
                name="privacy_batch_unfinished",
            )
        ]

    @property
    def refs(self) -> StoredRefs:
        """The records of the batch as its row has them, for questions about all of them."""
        return StoredRefs(self, "candidate_refs")


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


class ErasureCase(UUIDModel):
    """One person's erasure that is not plain expiry: asked for, waiting, let go or blocked.

    ``number`` is the random case number that the person is told, where they asked.
    """

    candidate_ref = models.UUIDField()
    state = models.CharField(max_length=10, choices=CaseState.choices)
    reason = models.CharField(max_length=20, choices=CaseReason.choices)
    number = models.CharField(_("case number"), max_length=20, blank=True)
    counts = models.JSONField(default=dict)
    batch_ref = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    waits_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("erasure case")
        verbose_name_plural = _("erasure cases")
        indexes = [
            models.Index(fields=["number"], condition=~Q(number=""), name="privacy_case_number"),
            models.Index(fields=["batch_ref"], condition=Q(batch_ref__isnull=False), name="privacy_case_batch"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate_ref", "reason"], condition=Q(closed_at=None), name="privacy_one_live_case"
            ),
        ]


class SubjectRequest(UUIDModel):
    """What a person asked for (GDPR Art. 12 to 22), from its first receipt to the answer.

    ``person_ref`` is empty where nothing is held about whoever asked. ``address`` is wiped when the request is closed.
    """

    number = models.CharField(_("case number"), max_length=20, unique=True)
    kind = models.CharField(_("request"), max_length=20, choices=SubjectRequestKind.choices)
    channel = models.CharField(_("came by"), max_length=10, choices=RequestChannel.choices)
    person_ref = models.UUIDField(null=True)
    address = models.CharField(max_length=320, blank=True)
    language = models.CharField(max_length=2)
    received_at = models.DateTimeField(_("received"))
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    due_on = models.DateField(_("to be answered by"))
    limit_on = models.DateField()
    extended_at = models.DateTimeField(null=True)
    decision = models.CharField(_("decision"), max_length=20, choices=Decision.choices, blank=True)
    decision_ground = models.CharField(_("ground"), max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        indexes = [models.Index(fields=["person_ref"], condition=Q(closed_at=None), name="privacy_request_open")]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, decision="") | (Q(closed_at__isnull=False) & ~Q(decision="")),
                name="privacy_request_decided",
            ),
        ]


class BulkErasure(UUIDModel):
    """Two or more people whose erasure a colleague asked for; a second person approves it before anything happens."""

    person_refs = ArrayField(models.UUIDField())
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    is_approved = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("erasure of several people")
        verbose_name_plural = _("erasures of several people")


class RetentionRun(models.Model):
    """One run of the erasure worker: what it found and did, and by which periods and which clock."""

    at = models.DateTimeField()
    due = models.PositiveIntegerField(default=0)
    erased = models.PositiveIntegerField(default=0)
    released = models.PositiveIntegerField(default=0)
    blocked = models.PositiveIntegerField(default=0)
    base_months = models.PositiveSmallIntegerField()
    unanswered_months = models.PositiveSmallIntegerField()
    boot_ref = models.CharField(max_length=64, blank=True)
    since_boot = models.DurationField(null=True)

    class Meta:
        indexes = [models.Index(fields=["at"], name="privacy_run_at")]

    def __str__(self) -> str:
        return f"RetentionRun {self.pk}"


class RunStop(UUIDModel):
    """The circuit breaker has opened: expired people stay hidden and are not erased until it closes.

    It closes at ``goes_on_at`` unless somebody objected, and at once on an approval.
    """

    reason = models.CharField(_("reason"), max_length=20, choices=StopReason.choices)
    raised_at = models.DateTimeField(_("since"))
    due = models.PositiveIntegerField(_("people due"))
    usual = models.PositiveIntegerField(_("usual number"))
    goes_on_at = models.DateTimeField(_("goes on"))
    objected_at = models.DateTimeField(null=True)
    objected_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approval_reason = models.CharField(_("reason of the approval"), max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("stopped run")
        verbose_name_plural = _("stopped runs")
        constraints = [
            models.UniqueConstraint(fields=["reason"], condition=Q(closed_at=None), name="privacy_one_open_stop"),
        ]


class Alarm(UUIDModel):
    """Something that somebody must look at. It is raised once and cleared when it is over."""

    kind = models.CharField(max_length=20, choices=AlarmKind.choices)
    ref = models.CharField(max_length=40, blank=True, help_text="an opaque reference, where it is about one thing")
    number = models.PositiveIntegerField(default=0)
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "ref"], condition=Q(cleared_at=None), name="privacy_one_live_alarm")
        ]


class JournalEntry(models.Model):
    """An act of the audit log that stands in the ledger too, so that a restore does not undo it."""

    event_ref = models.BigIntegerField(primary_key=True)
    ledger_number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"JournalEntry {self.pk}"


class Replay(models.Model):
    """What a replay of the ledger did after a restore."""

    at = models.DateTimeField()
    report = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"Replay {self.pk}"
