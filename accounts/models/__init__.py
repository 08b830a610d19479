"""Models of accounts."""

from accounts.models.links import MailedLink, PortalSession
from accounts.models.users import User

__all__ = ["MailedLink", "PortalSession", "User"]
