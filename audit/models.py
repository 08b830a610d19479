"""The two tables of the record. Triggers (migration 0002) refuse every change and the deletion of a young row."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.enums import Access, Action, Purpose
from common.actors import ActorKind

ACTOR_KINDS = [(kind.value, kind.value) for kind in ActorKind]


class AuditEvent(models.Model):
    """One act: who did what to which reference, and when. ``details`` holds enums, ids and numbers only."""

    at = models.DateTimeField()
    action = models.CharField(max_length=40, choices=Action.choices)
    actor_kind = models.CharField(max_length=10, choices=ACTOR_KINDS)
    actor_ref = models.UUIDField(null=True)
    subject_ref = models.UUIDField(null=True)
    object_ref = models.UUIDField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["subject_ref", "at"], name="audit_event_subject"),
            models.Index(fields=["at"], name="audit_event_at"),
        ]

    def __str__(self) -> str:
        return f"AuditEvent {self.pk}"


class AccessEvent(models.Model):
    """One look at people's data by somebody signed in; a list is one event with the ids that it showed (policy §7,
    §9).
    """

    at = models.DateTimeField()
    access = models.CharField(max_length=12, choices=Access.choices)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    actor_kind = models.CharField(max_length=10, choices=ACTOR_KINDS)
    actor_ref = models.UUIDField(null=True)
    subject_refs = ArrayField(models.UUIDField())
    object_ref = models.UUIDField(null=True)

    class Meta:
        indexes = [models.Index(fields=["at"], name="audit_access_at")]

    def __str__(self) -> str:
        return f"AccessEvent {self.pk}"
