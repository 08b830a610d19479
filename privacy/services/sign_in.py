"""The way into "my data" (policy §8): one mail to the address that was typed, whatever is known about it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.enums import LinkPurpose
from accounts.services.links import create_link, link_was_sent
from audit.enums import Action
from audit.services import record_event
from common import limits
from common.actors import Actor, ActorKind
from mailing.enums import EmailKind
from mailing.services import queue_email
from policy.identifiers import normalise_address


@transaction.atomic
def send_sign_in_link(email: str, *, language: str, prefix: str, at: datetime) -> bool:
    """Mail a single-use link to an address, known or not; what is kept is told only to whoever follows it.

    Within 15 minutes, or beyond three an hour, no second mail is sent. Returns whether one was, which the page that
    answers must not show. Raises ValueError for something that is no address.
    """
    address = normalise_address(email)
    hour = timedelta(hours=1)
    if link_was_sent(LinkPurpose.SIGN_IN, address, since=at - settings.LINK_QUIET_TIME):
        return False
    allowed = limits.take(
        "links-prefix", prefix, limit=settings.LINKS_PER_HOUR_AND_PREFIX, window=hour, at=at
    ) and limits.take("links", address, limit=settings.LINKS_PER_HOUR_AND_ADDRESS, window=hour, at=at)
    if not allowed:
        return False
    token = create_link(
        LinkPurpose.SIGN_IN, address=address, language=language, lifetime=settings.SIGN_IN_LINK_LIFETIME, at=at
    )
    queue_email(
        EmailKind.SIGN_IN_LINK,
        to_address=email.strip(),
        language=language,
        context={"token": token},
        dedupe_key=token[:16],
        at=at,
    )
    record_event(Action.SIGN_IN_LINK_SENT, at=at, actor=Actor(ActorKind.CANDIDATE))
    return True
