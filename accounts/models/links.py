"""Mailed single-use links, and the sessions that they open."""

from django.db import models

from accounts.enums import LinkPurpose
from common.models import UUIDModel


class MailedLink(UUIDModel):
    """A link that was mailed to an address. Only the SHA-256 of its token is kept (ASVS 6.5.2).

    ``subject_ref`` is the record that the link is about, where there is one; ``address`` is the normal form of the
    address that receives it, whose control it proves.
    """

    purpose = models.CharField(max_length=20, choices=LinkPurpose.choices)
    token_hash = models.BinaryField(max_length=32, unique=True)
    address = models.CharField(max_length=320)
    subject_ref = models.UUIDField(null=True)
    language = models.CharField(max_length=2)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["purpose", "address"], name="accounts_link_address"),
            models.Index(fields=["subject_ref"], name="accounts_link_subject"),
        ]


class PortalSession(UUIDModel):
    """A visit to "my data", opened by a mailed link. It proves control of one address and nothing else."""

    token_hash = models.BinaryField(max_length=32, unique=True)
    address = models.CharField(max_length=320)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["address"], name="accounts_session_address")]
