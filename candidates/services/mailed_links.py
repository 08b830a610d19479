"""Links in mails about longer storage and erasing: they work as long as the record is kept (spec §2.5, §2.6)."""

from collections.abc import Iterable
from datetime import datetime

from accounts.enums import LinkPurpose
from accounts.services.links import LastingLink, create_lasting_links
from candidates.models import Candidate


def create_record_link(record: Candidate, purpose: LinkPurpose, *, at: datetime) -> str:
    """The token of a link to an act on this record, for the mailbox of its address."""
    return create_record_links([(record, purpose)], at=at)[0]


def create_record_links(wanted: Iterable[tuple[Candidate, LinkPurpose]], *, at: datetime) -> list[str]:
    """The tokens of many such links, in order and in one statement."""
    links = [
        LastingLink(purpose, record.address, record.language, record.pk, expires_at=record.expires_at)
        for record, purpose in wanted
    ]
    return create_lasting_links(links, at=at)
