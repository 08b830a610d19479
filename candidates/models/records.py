"""What recruiters write about a candidate, and the contacts with them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from candidates.enums import Direction, InteractionKind, InterviewState, MeansOfContact, RevocationReason, TaskKind
from candidates.models.applications import Application
from candidates.models.candidates import Candidate
from common.models import NoDeleteQuerySet, PersonalModel


class Note(PersonalModel):
    """What a recruiter or interviewer wrote. The candidate may read it on request."""

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="notes")
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(_("note"))
    at = models.DateTimeField()

    objects = NoDeleteQuerySet.as_manager()


class Interaction(PersonalModel):
    """One contact with the candidate, dated when it happened; what counts for the clock is ``policy.contact``'s
    word.

    ``message_id`` is the Message-ID of a mail, by which its bounce and its second delivery are recognised. A contact
    that did not take place after all is revoked and stays, so that the clock can be explained.
    """

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="interactions")
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="interactions")
    kind = models.CharField(max_length=30, choices=InteractionKind.choices)
    means = models.CharField(max_length=10, choices=MeansOfContact.choices)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    message_id = models.CharField(max_length=255, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(blank=True)
    revoked_at = models.DateTimeField(null=True)
    revocation = models.CharField(max_length=10, choices=RevocationReason.choices, blank=True)

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(occurred_at__lte=models.F("recorded_at")), name="candidates_interaction_happened"
            ),
            models.CheckConstraint(
                condition=~models.Q(means="") & ~models.Q(direction=""), name="candidates_interaction_how"
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at=None, revocation="")
                | (models.Q(revoked_at__isnull=False) & ~models.Q(revocation="")),
                name="candidates_revoked_why",
            ),
            models.UniqueConstraint(
                fields=["candidate", "message_id"],
                condition=~models.Q(message_id=""),
                name="candidates_message_once",
            ),
        ]


class Interview(PersonalModel):
    """An interview that was planned. It is no contact until it was held; then ``interaction`` is the contact."""

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="interviews")
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="interviews")
    starts_at = models.DateTimeField(_("begins"))
    place = models.CharField(_("place or link"), max_length=300, blank=True)
    means = models.CharField(max_length=10, choices=MeansOfContact.choices, default=MeansOfContact.MEETING)
    state = models.CharField(max_length=10, choices=InterviewState.choices, default=InterviewState.PLANNED)
    planned_at = models.DateTimeField()
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    interaction = models.OneToOneField(Interaction, models.PROTECT, null=True, related_name="interview")

    objects = NoDeleteQuerySet.as_manager()


class StaffTask(PersonalModel):
    """Something that a colleague is asked to do about an application, once."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="tasks")
    kind = models.CharField(max_length=20, choices=TaskKind.choices)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    due_on = models.DateField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "kind", "due_on"], name="candidates_task_once"),
        ]
