"""Choices of the recruitment tables. Codes are upper case; labels are for people."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from policy.contact import EventKind, Revocation
from policy.expiry import Ground


class Origin(models.TextChoices):
    """How we came to know a candidate (policy §3)."""

    APPLIED = "APPLIED", _("Applied here")
    EMAIL = "EMAIL", _("Applied by mail")
    SOURCED = "SOURCED", _("We approached the person")
    REFERRED = "REFERRED", _("Somebody named the person")


APPROACHED = (Origin.SOURCED, Origin.REFERRED)
"""Data not obtained from the person: the notice of GDPR Art. 14 is due within a month."""


class SourceKind(models.TextChoices):
    """Where data come from that the person did not give us (policy §3, GDPR Art. 14(2)(f))."""

    LINKEDIN = "LINKEDIN", _("LinkedIn profile")
    GITHUB = "GITHUB", _("GitHub profile")
    OWN_SITE = "OWN_SITE", _("The person's own site")
    EMPLOYEE = "EMPLOYEE", _("A colleague's referral")
    AGENCY = "AGENCY", _("A recruitment agency")
    IMPORT = "IMPORT", _("Import from another system")


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
    AUTO_REPLY = EventKind.AUTO_REPLY.value, _("Automatic reply")
    MESSAGE_RECEIVED = EventKind.MESSAGE_RECEIVED.value, _("Message in the portal")
    DOCUMENT_ADDED = EventKind.DOCUMENT_ADDED.value, _("Document added")
    CALL = EventKind.CALL.value, _("Call")
    INTERVIEW = EventKind.INTERVIEW.value, _("Interview held")
    OUTREACH = EventKind.OUTREACH.value, _("First message to the person")
    IMPORTED_CONTACT = EventKind.IMPORTED_CONTACT.value, _("Last contact, as imported")
    IMPORTED_LATER = EventKind.IMPORTED_LATER.value, _("Contact named by an import")
    BULK_MAIL = EventKind.BULK_MAIL.value, _("Mail to many people")
    THIRD_PARTY = EventKind.THIRD_PARTY.value, _("Talk with somebody else")
    OTHER_ROLE = EventKind.OTHER_ROLE.value, _("Contact in another role")


RECORDED_BY_STAFF = (
    InteractionKind.CALL,
    InteractionKind.INTERVIEW,
    InteractionKind.MAIL_SENT,
    InteractionKind.MAIL_RECEIVED,
    InteractionKind.THIRD_PARTY,
    InteractionKind.OTHER_ROLE,
)
"""What a recruiter can record by hand; ``policy.contact`` says which of them count."""


class MeansOfContact(models.TextChoices):
    """By what means a contact took place."""

    MAIL = "MAIL", _("Mail")
    PHONE = "PHONE", _("Phone call")
    VIDEO = "VIDEO", _("Video call")
    MEETING = "MEETING", _("Meeting")
    MESSAGE = "MESSAGE", _("Message in another service")
    PORTAL = "PORTAL", _("This portal")


class Direction(models.TextChoices):
    """Who began a contact."""

    IN = "IN", _("From the person")
    OUT = "OUT", _("From us")


class RevocationReason(models.TextChoices):
    """Why a contact did not take place after all. The codes are those of ``policy.contact.Revocation``."""

    BOUNCED = Revocation.BOUNCED.value, _("The mail came back")
    NO_SHOW = Revocation.NO_SHOW.value, _("Nobody came")
    CORRECTED = Revocation.CORRECTED.value, _("Recorded by mistake")


OF_THE_PORTAL = (
    InteractionKind.APPLICATION_SUBMITTED,
    InteractionKind.APPLICATION_WITHDRAWN,
    InteractionKind.MESSAGE_RECEIVED,
    InteractionKind.DOCUMENT_ADDED,
)
"""What the person did in the portal itself: it took place, and nobody's word makes it undone."""

_BOUNCES = (RevocationReason.BOUNCED, RevocationReason.CORRECTED)
_MEETS = (RevocationReason.NO_SHOW, RevocationReason.CORRECTED)
REVOCATIONS: dict[str, tuple[RevocationReason, ...]] = {
    **dict.fromkeys(InteractionKind, (RevocationReason.CORRECTED,)),
    **dict.fromkeys(OF_THE_PORTAL, ()),
    **dict.fromkeys((InteractionKind.MAIL_SENT, InteractionKind.OUTREACH), _BOUNCES),
    **dict.fromkeys((InteractionKind.INTERVIEW, InteractionKind.CALL), _MEETS),
}
"""Why a contact of a kind may turn out not to have taken place."""


class InterviewState(models.TextChoices):
    """Where an interview stands. Only one that was held is a contact (E6)."""

    PLANNED = "PLANNED", _("Planned")
    HELD = "HELD", _("Held")
    NO_SHOW = "NO_SHOW", _("Nobody came")
    CANCELLED = "CANCELLED", _("Cancelled")


class RestrictionGround(models.TextChoices):
    """Why data are restricted. The codes are those of ``policy.expiry.Ground``."""

    ACCURACY = Ground.ACCURACY.value, _("The person disputes that the data are right, Art. 18(1)(a)")
    UNLAWFUL = Ground.UNLAWFUL.value, _("Processing is unlawful and the person wants no erasure, Art. 18(1)(b)")
    CLAIM = Ground.CLAIM.value, _("The person needs the data for a legal claim, Art. 18(1)(c)")
    OBJECTION = Ground.OBJECTION.value, _("The person objected, and it is not decided, Art. 18(1)(d)")


class HoldGround(models.TextChoices):
    """Why listed items are kept past their date (GDPR Art. 17(3)(e))."""

    DISCRIMINATION = "DISCRIMINATION", _("Defence against a claim of discrimination")
    OTHER_CLAIM = "OTHER_CLAIM", _("Another legal claim")


class HeldKind(models.TextChoices):
    """What can be held. Items are listed one by one; there is no "everything"."""

    APPLICATION = "APPLICATION", _("Application")
    DOCUMENT = "DOCUMENT", _("Document")
    NOTE = "NOTE", _("Note")
    INTERACTION = "INTERACTION", _("Contact")
    STAGE_CHANGE = "STAGE_CHANGE", _("Move of an application")


class SuppressedKind(models.TextChoices):
    """By what a person is recognised who is not to be approached again."""

    ADDRESS = "ADDRESS", _("E-mail address")
    PHONE = "PHONE", _("Phone number")
    PROFILE = "PROFILE", _("Profile")


class SuppressionReason(models.TextChoices):
    """Why a suppression was made; never by default."""

    OBJECTION = "OBJECTION", _("The person objected")
    REQUEST = "REQUEST", _("The person asked for it")


class TaskKind(models.TextChoices):
    """What a colleague is asked to do."""

    CONTACT_OR_CLOSE = "CONTACT_OR_CLOSE", _("Contact the applicant or close the application")


class ConsentPurpose(models.TextChoices):
    """What a candidate can agree to."""

    FUTURE_OPPORTUNITIES = "FUTURE_OPPORTUNITIES", _("Longer storage for future openings")


class Channel(models.TextChoices):
    """Where a consent was given or taken back."""

    APPLICATION_FORM = "APPLICATION_FORM", _("Application form")
    MY_DATA = "MY_DATA", _("My data")
    MAILED_LINK = "MAILED_LINK", _("Link in a mail")
