"""Stored files: one row for every object in the bucket, whatever it belongs to."""

from django.db import models

from common.models import NoDeleteQuerySet, PersonalModel
from files.enums import DOWNLOADABLE, FilePart, FileState, MediaKind, ScanState


class StoredFile(PersonalModel):
    """One object: its key (random, under the owner's prefix), what it is, and where it stands.

    ``owner_ref`` is the UUID of the record that it belongs to or will belong to, drawn when the file is staged;
    ``name`` is what the person called it and is kept for display only. ``made_of`` is the original of which a worker
    made this text or picture of page number ``page``. ``scan_after`` and ``read_after`` say when a worker is to scan
    the file or to make text and pictures of it, the next time after ``scan_tries`` and ``read_tries``; empty where
    nothing is to be done.
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
    part = models.CharField(max_length=10, choices=FilePart.choices, default=FilePart.ORIGINAL)
    made_of = models.UUIDField(null=True)
    page = models.PositiveSmallIntegerField(null=True)
    scan = models.CharField(max_length=20, choices=ScanState.choices, default=ScanState.NOT_SCANNED)
    scanned_at = models.DateTimeField(null=True)
    scan_after = models.DateTimeField(null=True)
    scan_tries = models.PositiveSmallIntegerField(default=0)
    read_after = models.DateTimeField(null=True)
    read_tries = models.PositiveSmallIntegerField(default=0)

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner_ref"], name="files_owner"),
            models.Index(fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="files_expires"),
            models.Index(fields=["made_of"], condition=models.Q(made_of__isnull=False), name="files_made_of"),
            models.Index(fields=["scan_after"], condition=models.Q(scan_after__isnull=False), name="files_to_scan"),
            models.Index(fields=["read_after"], condition=models.Q(read_after__isnull=False), name="files_to_read"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="STAGED", expires_at__isnull=False) | ~models.Q(state="STAGED"),
                name="files_staged_expires",
            ),
            models.CheckConstraint(
                condition=models.Q(part="ORIGINAL", made_of=None)
                | (~models.Q(part="ORIGINAL") & models.Q(made_of__isnull=False)),
                name="files_made_of_an_original",
            ),
        ]

    @property
    def is_downloadable(self) -> bool:
        """Whether it may be handed out: kept or staged, and no virus scan stands in the way (ASVS 5.4.3)."""
        return self.state in {FileState.ATTACHED, FileState.STAGED} and self.scan in DOWNLOADABLE

    @property
    def waits_for_scan(self) -> bool:
        """Whether it may be handed out once the virus scan is done."""
        return self.state == FileState.ATTACHED and self.scan in {ScanState.WAITING, ScanState.FAILED}
