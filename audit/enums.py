"""What can be recorded, as ``subject:act``."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    """Acts."""

    APPLICATION_SUBMITTED = "application:submitted", _("Application submitted")
    APPLICATION_MOVED = "application:moved", _("Application moved")
    APPLICATION_WITHDRAWN = "application:withdrawn", _("Application withdrawn")
    ADDRESS_CONFIRMED = "address:confirmed", _("Address confirmed")
    APPLICATION_DISOWNED = "application:disowned", _("Application disowned by the owner of the address")
    CANDIDATES_LINKED = "candidates:linked", _("Records linked")
    INTERACTION_RECORDED = "interaction:recorded", _("Interaction recorded")
    INTERACTION_REVOKED = "interaction:revoked", _("Interaction revoked")
    INTERACTION_CORRECTED = "interaction:corrected", _("Date of an interaction corrected")
    INTERVIEW_PLANNED = "interview:planned", _("Interview planned")
    INTERVIEW_HELD = "interview:held", _("Interview held")
    INTERVIEW_CANCELLED = "interview:cancelled", _("Interview cancelled")
    CANDIDATE_IMPORTED = "candidate:imported", _("Candidate imported")
    CANDIDATE_SOURCED = "candidate:sourced", _("Candidate sourced")
    NOTICE_GIVEN = "notice:given", _("Notice given")
    SOURCING_ASSESSED = "sourcing:assessed", _("Assessment of sourcing recorded")
    SOURCING_ENDED = "sourcing:ended", _("Sourcing switched off")
    NOTE_ADDED = "note:added", _("Note added")
    CONSENT_GIVEN = "consent:given", _("Consent to longer storage given")
    CONSENT_WITHDRAWN = "consent:withdrawn", _("Consent to longer storage withdrawn")
    CONSENT_ENDED = "consent:ended", _("Consent to longer storage ended")
    LONGER_STORAGE_INVITED = "consent:invited", _("Invited to agree to longer storage")
    REMINDER_QUEUED = "reminder:queued", _("Reminder before an erasure queued")
    UNDELIVERABLE = "address:undeliverable", _("Mail to the address came back")
    RESTRICTED = "restriction:opened", _("Restricted")
    RESTRICTION_LIFTED = "restriction:lifted", _("Restriction lifted")
    RESTRICTION_TOLD = "restriction:told", _("Person told that a restriction ends")
    OBJECTED = "objection:received", _("Objected")
    OBJECTION_DECIDED = "objection:decided", _("Objection decided")
    HOLD_OPENED = "hold:opened", _("Hold opened")
    HOLD_REVIEWED = "hold:reviewed", _("Hold reviewed")
    HOLD_RELEASED = "hold:released", _("Hold released")
    HELD_ITEM_OPENED = "hold:item_opened", _("Item in the vault opened")
    SUPPRESSED = "suppression:made", _("Suppression made")
    SUPPRESSION_LIFTED = "suppression:lifted", _("Suppression lifted")
    SUPPRESSION_REVIEWED = "suppression:reviewed", _("Suppression reviewed")
    REQUEST_OPENED = "request:opened", _("Request opened")
    REQUEST_EXTENDED = "request:extended", _("Request extended")
    REQUEST_CLOSED = "request:closed", _("Request answered")
    TASK_OPENED = "task:opened", _("Task opened")
    RECTIFIED = "candidate:rectified", _("Data corrected")
    BULK_ERASURE_ASKED = "bulk_erasure:asked", _("Erasure of several people asked for")
    BULK_ERASURE_DECIDED = "bulk_erasure:decided", _("Erasure of several people decided")
    OLD_PROCESS_ERASED = "erasure:old_process", _("Old process erased")
    ERASURE_ABORTED = "erasure:aborted", _("Erasure aborted: a contact came before the date")
    MAILBOX_PURGED = "erasure:mailbox_purged", _("Mailbox purged")
    RUN_APPROVED = "run:approved", _("Stopped run approved")
    RUN_OBJECTED = "run:objected", _("Stopped run objected to")
    ACCESS_REPORTED = "access:reported", _("Access log read")
    ERASURE_REQUESTED = "erasure:requested", _("Erasure requested")
    ERASURE_TAKEN_BACK = "erasure:taken_back", _("Erasure taken back")
    ERASED = "erasure:completed", _("Erased")
    FILE_STAGED = "file:staged", _("File staged")
    FILE_REFUSED = "file:refused", _("File refused by the virus scan")
    FILE_ADDED = "file:added", _("File added in place of a refused one")
    SIGN_IN_LINK_SENT = "sign_in:link_sent", _("Sign-in link sent")
    SIGNED_IN = "sign_in:succeeded", _("Signed in")
    SIGN_IN_FAILED = "sign_in:failed", _("Sign-in failed")
    SIGNED_OUT = "sign_in:ended", _("Signed out")
    POSITION_CHANGED = "position:changed", _("Position changed")
    USER_CHANGED = "user:changed", _("User changed")


class Access(models.TextChoices):
    """Ways of looking at a person's data."""

    LISTED = "LISTED", _("Listed")
    SEARCHED = "SEARCHED", _("Found by a search")
    VIEWED = "VIEWED", _("Viewed")
    DOWNLOADED = "DOWNLOADED", _("Downloaded")


class Purpose(models.TextChoices):
    """Why somebody looked."""

    RECRUITMENT = "RECRUITMENT", _("Handling the application")
    OWN_DATA = "OWN_DATA", _("The person's own data")
    PRIVACY = "PRIVACY", _("Answering for data protection")
