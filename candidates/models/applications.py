"""Applications, what came with them, and how they moved."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates import pipeline
from candidates.enums import DocumentKind, Stage
from candidates.models.candidates import Candidate
from candidates.models.positions import Position
from common.models import NoDeleteQuerySet, PersonalModel, UUIDModel
from files.models import StoredFile


class ApplicationQuerySet(NoDeleteQuerySet["Application"]):
    """Applications by what may be seen."""

    def visible(self, as_of: datetime) -> "ApplicationQuerySet":
        """Those of candidates that recruiters may see; the same rule as ``CandidateQuerySet.visible``."""
        return self.filter(
            candidate__expires_at__gt=as_of,
            candidate__erase_after=None,
            candidate__erasing_ref=None,
            candidate__restricted_at=None,
        )

    def open(self) -> "ApplicationQuerySet":
        """Those still in the pipeline."""
        return self.filter(closed_at=None)


class Application(PersonalModel):
    """One candidate's bid for one position, or an open one (then ``position`` is empty).

    ``submission_key`` is the key of the form that was sent: sending it again is the same application.
    """

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="applications")
    position = models.ForeignKey(Position, models.PROTECT, null=True, related_name="applications")
    reference = models.CharField(_("reference"), max_length=12, unique=True)
    submission_key = models.UUIDField(unique=True)
    language = models.CharField(max_length=2)
    cover_letter = models.TextField(_("cover letter"), blank=True)
    stage = models.CharField(_("stage"), max_length=20, choices=Stage.choices, default=Stage.RECEIVED)
    submitted_at = models.DateTimeField(_("sent"))
    stage_changed_at = models.DateTimeField(_("in this stage since"))
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        indexes = [models.Index(fields=["-submitted_at", "id"], name="candidates_app_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(stage__in=pipeline.ENDS, closed_at__isnull=False)
                | Q(stage__in=pipeline.OPEN_STAGES, closed_at=None),
                name="candidates_closed_at_ends",
            ),
        ]


class Document(PersonalModel):
    """A file that the candidate gave us with an application.

    ``words`` are those of its text, for the recruiters' search; empty until a worker has read it.
    """

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="documents")
    application = models.ForeignKey(Application, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=DocumentKind.choices)
    stored_file = models.OneToOneField(StoredFile, models.PROTECT, related_name="document")
    added_at = models.DateTimeField()
    words = SearchVectorField(null=True)

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="candidates_doc_words")]


class StageChange(PersonalModel):
    """One move of an application. ``actor`` is empty for the two moves that nobody of the staff makes."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="stage_changes")
    from_stage = models.CharField(max_length=20, choices=Stage.choices)
    to_stage = models.CharField(max_length=20, choices=Stage.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    objects = NoDeleteQuerySet.as_manager()


class ApplicationDraft(UUIDModel):
    """An application that is being written: what was typed, for the "check your answers" page and the Back button.

    Bound to a cookie of its own by the SHA-256 of the cookie's value, and gone after 24 hours. ``candidate_ref`` is the
    key that the record will get if it is sent, so that staged files already lie under the right prefix.
    """

    token_hash = models.BinaryField(max_length=32)
    submission_key = models.UUIDField()
    position = models.ForeignKey(Position, models.CASCADE, null=True, related_name="+")
    candidate_ref = models.UUIDField()
    answers = models.JSONField(default=dict)
    files = models.JSONField(default=dict, help_text="ids of staged files, by field")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_hash", "submission_key"], name="candidates_draft_once")]
        indexes = [models.Index(fields=["expires_at"], name="candidates_draft_expires")]
