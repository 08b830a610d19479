"""Candidates, and what they agreed to and were shown."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.enums import Channel, ConsentPurpose, LinkKind, Origin, RestrictionGround, SourceKind
from common.models import NoDeleteQuerySet, PersonalModel
from policy import expiry
from policy.calendar import local_date


class CandidateQuerySet(NoDeleteQuerySet["Candidate"]):
    """Candidates by what may be seen and what is due."""

    def visible(self, as_of: datetime) -> "CandidateQuerySet":
        """Those that recruiters may see: not expired, not restricted, no erasure asked for or begun (policy §7).

        It holds at read time, whether or not a worker ran.
        """
        return self.filter(expires_at__gt=as_of, erase_after=None, erasing_ref=None, restricted_at=None)

    def expired(self, as_of: datetime) -> "CandidateQuerySet":
        """Those whose time is over and whom no restriction keeps back."""
        return self.filter(Q(held_back_until=None) | Q(held_back_until__lte=as_of), expires_at__lte=as_of)

    def asked_for(self, as_of: datetime) -> "CandidateQuerySet":
        """Those whose erasure was asked for and is past the cooling time; no restriction keeps them back."""
        return self.filter(erase_after__lte=as_of)

    def due(self, as_of: datetime) -> "CandidateQuerySet":
        """Those whose data must go now, as far as this app knows; ``privacy`` adds open requests."""
        return self.expired(as_of) | self.asked_for(as_of)

    def to_trim(self, as_of: datetime) -> "CandidateQuerySet":
        """Those who stay by consent, or came back, and whose old process's data must go now."""
        return self.filter(trim_at__lte=as_of, erasing_ref=None)

    def confirmed(self) -> "CandidateQuerySet":
        """Those who showed that the address is theirs."""
        return self.filter(address_confirmed_at__isnull=False)

    def of_person_of(self, candidate_id: uuid.UUID) -> "CandidateQuerySet":
        """All records of the person whose record this is."""
        return self.filter(person_ref__in=Candidate.objects.filter(pk=candidate_id).values("person_ref"))

    def locked(self) -> "CandidateQuerySet":
        """The same under lock, in one order for everybody, so that no two who lock a person wait for each other."""
        return self.select_for_update().order_by("pk")


class Candidate(PersonalModel):
    """A record of a person known to recruitment. Records that share ``person_ref`` are one person.

    The clock's columns (``last_contact_at`` to ``trim_at``) are written by ``candidates.services.clock`` alone and are
    the same on all records of a person. ``erase_after`` says that the person asked to be erased, and when that is due;
    ``erasing_ref`` is the batch that is erasing the record.

    What we did not get from the person has a source (``source_kind``, ``source_ref``, ``source_reason``), and
    ``noticed_at`` says when they were told (GDPR Art. 14). ``has_mailbox_copy`` says that a mailbox outside the portal
    holds mail of or to the person, which a human must purge.
    """

    person_ref = models.UUIDField(default=uuid.uuid4)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.APPLIED)
    name = models.CharField(_("name"), max_length=200)
    email = models.CharField(_("email address"), max_length=254, blank=True)
    address = models.CharField(max_length=320, blank=True, help_text="the normal form, for comparing")
    address_confirmed_at = models.DateTimeField(_("address confirmed"), null=True, blank=True)
    address_disowned_at = models.DateTimeField(_("address disowned"), null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    phone_e164 = models.CharField(max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=[("en", _("English")), ("fi", _("Finnish"))])
    skills = models.TextField(_("skills"), blank=True)
    interests = models.TextField(_("professional interests"), blank=True)
    collected_at = models.DateTimeField(_("known since"))
    collected_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    source_kind = models.CharField(_("source"), max_length=10, choices=SourceKind.choices, blank=True)
    source_ref = models.CharField(_("where exactly"), max_length=500, blank=True)
    source_reason = models.TextField(_("why this person"), blank=True)
    noticed_at = models.DateTimeField(null=True)
    undeliverable_at = models.DateTimeField(null=True)
    has_mailbox_copy = models.BooleanField(default=False)

    last_contact_at = models.DateTimeField(_("last contact"))
    last_contact_ref = models.UUIDField(null=True)
    due_on = models.DateField(_("kept until"))
    erase_at = models.DateTimeField()
    keep_until = models.DateField(_("kept until, consent included"))
    expires_at = models.DateTimeField()
    restricted_at = models.DateTimeField(null=True)
    held_back_until = models.DateTimeField(null=True)
    trimmed_before = models.DateTimeField(null=True)
    trim_at = models.DateTimeField(null=True)
    erase_after = models.DateTimeField(null=True)
    erasure_case = models.CharField(max_length=20, blank=True)
    erasing_ref = models.UUIDField(null=True)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        indexes = [
            models.Index(
                fields=["expires_at", "id"],
                include=["person_ref", "erasing_ref", "held_back_until"],
                name="candidates_expires",
            ),
            models.Index(fields=["erase_after"], condition=Q(erase_after__isnull=False), name="candidates_erase_after"),
            models.Index(fields=["trim_at"], condition=Q(trim_at__isnull=False), name="candidates_trim_at"),
            models.Index(fields=["erasing_ref"], condition=Q(erasing_ref__isnull=False), name="candidates_erasing"),
            models.Index(fields=["person_ref"], name="candidates_person"),
            models.Index(fields=["address"], name="candidates_address"),
            models.Index(fields=["-collected_at", "id"], name="candidates_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(address="", email="") | (~Q(address="") & ~Q(email="")), name="candidates_address_whole"
            ),
            models.CheckConstraint(
                condition=Q(address_confirmed_at=None) | Q(address_disowned_at=None), name="candidates_address_once"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=["APPLIED", "EMAIL"]) | (~Q(source_kind="") & ~Q(source_ref="")),
                name="candidates_source_named",
            ),
        ]

    @property
    def is_confirmed(self) -> bool:
        """Whether the person showed that the address is theirs."""
        return self.address_confirmed_at is not None


class ProfileLink(PersonalModel):
    """A link to a profile or to work. It is shown and never fetched (policy §3)."""

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="links")
    kind = models.CharField(max_length=10, choices=LinkKind.choices)
    url = models.CharField(max_length=500)

    objects = NoDeleteQuerySet.as_manager()


class Consent(PersonalModel):
    """A yes to one purpose, with the exact text that was shown, from when to when, and whether it was taken back."""

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=30, choices=ConsentPurpose.choices)
    text_id = models.CharField(max_length=40)
    text_version = models.CharField(max_length=20)
    text_language = models.CharField(max_length=2)
    text_sha256 = models.CharField(max_length=64)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    granted_at = models.DateTimeField()
    ends_on = models.DateField()
    withdrawn_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "purpose"],
                condition=Q(withdrawn_at=None, ended_at=None),
                name="candidates_one_live_consent",
            ),
        ]

    @property
    def replaced_at(self) -> datetime | None:
        """When a new consent took its place, before its last day was over; None where none did."""
        is_replaced = self.ended_at is not None and local_date(self.ended_at) <= self.ends_on
        return self.ended_at if is_replaced else None


class NoticeShown(PersonalModel):
    """The record that this person was shown this version of a notice (GDPR Art. 13)."""

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="notices")
    text_id = models.CharField(max_length=40)
    text_version = models.CharField(max_length=20)
    text_language = models.CharField(max_length=2)
    text_sha256 = models.CharField(max_length=64)
    shown_at = models.DateTimeField()

    objects = NoDeleteQuerySet.as_manager()


class Restriction(PersonalModel):
    """A time in which a person's data are stored and nothing else is done with them (GDPR Art. 18).

    It holds for all linked records. ``told_at`` is when the person was told that it will end (Art. 18(3)).
    """

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="restrictions")
    ground = models.CharField(_("ground"), max_length=20, choices=RestrictionGround.choices)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    review_on = models.DateField(_("to be reviewed on"))
    told_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "ground"], condition=Q(lifted_at=None), name="candidates_one_live_restriction"
            ),
        ]

    @property
    def for_policy(self) -> expiry.Restriction:
        """The restriction as far as the rules of expiry need it."""
        return expiry.Restriction(expiry.Ground(self.ground), self.told_at)
