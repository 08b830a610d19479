"""Roles, and what a mailed link is for."""

from enum import StrEnum

from django.db import models


class Role(StrEnum):
    """The roles, which are the names of groups."""

    RECRUITER = "recruiter"
    PRIVACY_OFFICER = "privacy officer"
    ADMINISTRATOR = "administrator"


class LinkPurpose(models.TextChoices):
    """What a mailed link does when its page's button is pressed. A link does this one thing only."""

    CONFIRM_ADDRESS = "CONFIRM_ADDRESS"
    SIGN_IN = "SIGN_IN"
    GIVE_CONSENT = "GIVE_CONSENT"
    WITHDRAW_CONSENT = "WITHDRAW_CONSENT"
    ERASE = "ERASE"
    ADD_FILE = "ADD_FILE"
