"""Stored files: one row for every object in the bucket, whatever it belongs to."""

from django.db import models

from common.models import NoDeleteQuerySet, PersonalModel
from files.enums import FileState, MediaKind


class StoredFile(PersonalModel):
    """One object: its key (random, under the owner's prefix), what it is, and where it stands.

    ``owner_ref`` is the UUID of the record that it belongs to or will belong to, drawn when the file is staged;
    ``name`` is what the person called it and is kept for display only.
    """

    owner_ref = models.UUIDField()
    key = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=10, choices=MediaKind.choices)
    size = models.PositiveBigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    state = models.CharField(max_length=20, choices=FileState.choices)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner_ref"], name="files_owner"),
            models.Index(fields=["expires_at"], condition=models.Q(state="STAGED"), name="files_staged"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="STAGED", expires_at__isnull=False) | ~models.Q(state="STAGED"),
                name="files_staged_expires",
            ),
        ]
