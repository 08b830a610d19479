"""What an inbound mail is, by its headers and its sender: pure functions for ``mail``."""

import hashlib
from collections.abc import Mapping
from email.message import Message
from email.utils import parseaddr

from candidates.enums import InteractionKind
from policy.identifiers import normalise_address

AUTOMATIC_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "list-id", "list-unsubscribe")
AUTOMATIC_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
SUPPRESSED_ANSWERS = frozenset({"all", "oof", "autoreply"})
MESSAGE_ID_LENGTH = 255


def classify_mail(headers: Mapping[str, str], sender_address: str, addresses: set[str]) -> InteractionKind | None:
    """What an inbound mail is, for a person with these addresses (normal forms); None for what is no mail of anybody.

    Reports of mail systems (RFC 3464, RFC 8098) and mails without a sender that do not say that they are automatic are
    nobody's. Automatic is what says so: Auto-Submitted (RFC 3834), Precedence, and what mail programs add of their own.
    """
    found = {name.lower(): value.strip().lower() for name, value in headers.items()}
    content = Message()
    content["Content-Type"] = found.get("content-type", "text/plain")
    if content.get_content_type() == "multipart/report":
        return None
    if _is_automatic(found):
        return InteractionKind.AUTO_REPLY
    if not sender_address.strip() or found.get("return-path") == "<>":
        return None
    return InteractionKind.MAIL_RECEIVED if sender_form(sender_address) in addresses else InteractionKind.THIRD_PARTY


def _is_automatic(found: Mapping[str, str]) -> bool:
    submitted = found.get("auto-submitted", "no").partition(";")[0].strip()
    suppressed = {word.strip() for word in found.get("x-auto-response-suppress", "").split(",")}
    return (
        submitted not in {"no", ""}
        or found.get("precedence", "") in AUTOMATIC_PRECEDENCE
        or bool(suppressed & SUPPRESSED_ANSWERS)
        or any(name in found for name in AUTOMATIC_HEADERS)
    )


def message_key(message_id: str) -> str:
    """The Message-ID as it is kept; one that is longer than the column by its hash."""
    text = "".join(message_id.split())
    return text if len(text) <= MESSAGE_ID_LENGTH else hashlib.sha256(text.encode()).hexdigest()


def sender_form(address: str) -> str:
    """The normal form of a sender, with or without a name; nothing for what is no address."""
    try:
        return normalise_address(parseaddr(address)[1] or address)
    except ValueError:
        return ""
