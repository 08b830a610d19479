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
    NOTE_ADDED = "note:added", _("Note added")
    CONSENT_GIVEN = "consent:given", _("Consent to longer storage given")
    CONSENT_WITHDRAWN = "consent:withdrawn", _("Consent to longer storage withdrawn")
    CONSENT_ENDED = "consent:ended", _("Consent to longer storage ended")
    ERASURE_REQUESTED = "erasure:requested", _("Erasure requested")
    ERASURE_TAKEN_BACK = "erasure:taken_back", _("Erasure taken back")
    ERASED = "erasure:completed", _("Erased")
    FILE_STAGED = "file:staged", _("File staged")
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
