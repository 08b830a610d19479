"""What is kept past its date for a legal claim, and whom we must not approach again."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from candidates.enums import HeldKind, HoldGround, SuppressedKind, SuppressionReason
from common.models import NoDeleteQuerySet, PersonalModel, UUIDModel
from files.models import StoredFile


class Hold(PersonalModel):
    """A reason to keep listed items past their date (GDPR Art. 17(3)(e)), with a case reference and an owner.

    It outlives the records that it is about: they are named by ``subject_ref`` and ``person_ref``, opaque references
    and no foreign keys. Sealed items lie under ``vault_ref``, the key under which an erasure finds them.
    """

    subject_ref = models.UUIDField()
    person_ref = models.UUIDField()
    vault_ref = models.UUIDField(unique=True, default=uuid.uuid4)
    case_ref = models.CharField(_("case reference"), max_length=100)
    ground = models.CharField(_("ground"), max_length=20, choices=HoldGround.choices)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner"))
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    review_on = models.DateField(_("to be reviewed on"))
    ends_on = models.DateField(_("ends on"), null=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        indexes = [models.Index(fields=["subject_ref"], name="candidates_hold_subject")]


class HeldItem(PersonalModel):
    """One item that a hold lists. It is sealed when the person is erased: its content and its file move to the vault,
    which the privacy officer alone can open.
    """

    hold = models.ForeignKey(Hold, models.PROTECT, related_name="items")
    kind = models.CharField(max_length=20, choices=HeldKind.choices)
    object_ref = models.UUIDField()
    content = models.JSONField(default=dict)
    stored_file = models.OneToOneField(StoredFile, models.PROTECT, null=True, related_name="held_item")
    sealed_at = models.DateTimeField(null=True)

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hold", "object_ref"], name="candidates_held_once")]


class Suppression(UUIDModel):
    """Do not contact, do not collect again: a keyed hash of an identifier, made on an objection or on request only.

    It blocks import, sourcing and mail to the person, and never an application of theirs.
    """

    kind = models.CharField(max_length=10, choices=SuppressedKind.choices)
    digest = models.BinaryField(max_length=32)
    key_version = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=10, choices=SuppressionReason.choices)
    created_at = models.DateTimeField()
    review_on = models.DateField()

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [models.UniqueConstraint(fields=["kind", "digest"], name="candidates_suppressed_once")]


class SourcingAssessment(UUIDModel):
    """The recorded legal assessment without which nobody may be approached (Act 759/2004 §4)."""

    document_ref = models.CharField(_("where the assessment is kept"), max_length=300)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    valid_until = models.DateField(_("valid until"))
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("assessment of sourcing")
        verbose_name_plural = _("assessments of sourcing")
