"""The outbox."""

from django.db import models

from common.models import UUIDModel
from mailing.enums import EmailKind, EmailState


class OutboxEmail(UUIDModel):
    """One mail to one address. Its context is wiped at delivery; kind, time and outcome stay with the person.

    ``subject_ref`` is the record that the mail is about; it is empty for mail to staff and for a mail that outlives the
    record (the erasure statement), whose address is wiped at delivery too. ``dedupe_key`` makes a mail that is queued
    twice for the same reason one mail.
    """

    kind = models.CharField(max_length=40, choices=EmailKind.choices)
    state = models.CharField(max_length=10, choices=EmailState.choices, default=EmailState.QUEUED)
    to_address = models.CharField(max_length=320)
    language = models.CharField(max_length=2)
    context = models.JSONField(default=dict)
    subject_ref = models.UUIDField(null=True)
    dedupe_key = models.CharField(max_length=100)
    queued_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "dedupe_key"], name="mailing_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="QUEUED"), name="mailing_due"),
            models.Index(fields=["subject_ref"], name="mailing_subject"),
        ]
