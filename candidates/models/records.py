"""What recruiters write about a candidate, and the contacts with them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from candidates.enums import InteractionKind
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
    """

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="interactions")
    application = models.ForeignKey(Application, models.PROTECT, null=True, related_name="interactions")
    kind = models.CharField(max_length=30, choices=InteractionKind.choices)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(blank=True)
    revoked_at = models.DateTimeField(null=True)

    objects = NoDeleteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(occurred_at__lte=models.F("recorded_at")), name="candidates_interaction_happened"
            ),
        ]
