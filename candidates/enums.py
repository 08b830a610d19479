"""Choices of the recruitment tables. Codes are upper case; labels are for people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from policy.contact import EventKind


class Origin(models.TextChoices):
    """How we came to know a candidate (policy §3)."""

    APPLIED = "APPLIED", _("Applied here")


class Stage(models.TextChoices):
    """Where an application stands."""

    RECEIVED = "RECEIVED", _("Received")
    IN_REVIEW = "IN_REVIEW", _("In review")
    INTERVIEW = "INTERVIEW", _("Interview")
    OFFER = "OFFER", _("Offer")
    HIRED = "HIRED", _("Hired")
    REJECTED = "REJECTED", _("Rejected")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    CLOSED_BY_RETENTION = "CLOSED_BY_RETENTION", _("Closed by retention")


class EmploymentType(models.TextChoices):
    """The contract that a position offers."""

    PERMANENT = "PERMANENT", _("Permanent, full-time")
    PART_TIME = "PART_TIME", _("Permanent, part-time")
    FIXED_TERM = "FIXED_TERM", _("Fixed-term")
    INTERNSHIP = "INTERNSHIP", _("Internship")


class Remote(models.TextChoices):
    """How much of the work can be done elsewhere."""

    ON_SITE = "ON_SITE", _("On site")
    HYBRID = "HYBRID", _("Hybrid")
    REMOTE = "REMOTE", _("Fully remote in Finland")


class SalaryPeriod(models.TextChoices):
    """What a salary is paid for."""

    MONTH = "MONTH", _("a month")
    HOUR = "HOUR", _("an hour")


class DocumentKind(models.TextChoices):
    """What a document is."""

    CV = "CV", _("CV")
    COVER_LETTER = "COVER_LETTER", _("Cover letter")
    OTHER = "OTHER", _("Other file")


class LinkKind(models.TextChoices):
    """Where a link leads."""

    LINKEDIN = "LINKEDIN", _("LinkedIn")
    GITHUB = "GITHUB", _("GitHub")
    OTHER = "OTHER", _("Other link")


class InteractionKind(models.TextChoices):
    """Contacts with a candidate. The codes are those of ``policy.contact.EventKind``, which says what counts."""

    APPLICATION_SUBMITTED = EventKind.APPLICATION_SUBMITTED.value, _("Application sent")
    APPLICATION_WITHDRAWN = EventKind.APPLICATION_WITHDRAWN.value, _("Application withdrawn")
    MAIL_RECEIVED = EventKind.MAIL_RECEIVED.value, _("Mail from the candidate")
    MAIL_SENT = EventKind.MAIL_SENT.value, _("Mail to the candidate")
    CALL = EventKind.CALL.value, _("Call")
    INTERVIEW = EventKind.INTERVIEW.value, _("Interview held")


RECORDED_BY_STAFF = (
    InteractionKind.CALL,
    InteractionKind.INTERVIEW,
    InteractionKind.MAIL_SENT,
    InteractionKind.MAIL_RECEIVED,
)


class ConsentPurpose(models.TextChoices):
    """What a candidate can agree to."""

    FUTURE_OPPORTUNITIES = "FUTURE_OPPORTUNITIES", _("Longer storage for future openings")


class Channel(models.TextChoices):
    """Where a consent was given or taken back."""

    APPLICATION_FORM = "APPLICATION_FORM", _("Application form")
    MY_DATA = "MY_DATA", _("My data")
