"""Kinds of mail, and where a mail stands."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EmailKind(models.TextChoices):
    """Each kind is a folder under templates/emails/ and has one purpose (policy §2)."""

    APPLICATION_RECEIVED = "application_received", _("Receipt of an application")
    APPLICATION_ARRIVED = "application_arrived", _("Notice of a new application to staff")
    FILE_REFUSED = "file_refused", _("Notice that a file was refused by the virus scan")
    APPLICATION_DISOWNED = "application_disowned", _("Notice to staff that an application was disowned")
    SIGN_IN_LINK = "sign_in_link", _("Sign-in link to my data")
    ERASURE_STATEMENT = "erasure_statement", _("Erasure statement")
    RETENTION_REMINDER = "retention_reminder", _("Reminder before an erasure")
    LONGER_STORAGE_AGREED = "longer_storage_agreed", _("Confirmation of a consent to longer storage")
    LONGER_STORAGE_INVITATION = "longer_storage_invitation", _("Invitation to agree to longer storage")
    RESTRICTION_ENDS = "restriction_ends", _("Notice that a restriction ends")
    OUTREACH = "outreach", _("First message to a person, with the notice of Art. 14")
    STAFF_TASK = "staff_task", _("Task for a colleague")
    ALARM = "alarm", _("Alarm to the privacy officer")


class EmailState(models.TextChoices):
    """HELD waits for something that must be true first; QUEUED is due; SENT and FAILED are ends."""

    HELD = "HELD", _("Held")
    QUEUED = "QUEUED", _("Queued")
    SENT = "SENT", _("Sent")
    FAILED = "FAILED", _("Failed")
