"""Tasks of recruitment. Each reads the clock and makes service calls."""

from celery import shared_task

from accounts.services.links import purge_links_and_sessions
from candidates.services import consents, drafts
from common import clock


@shared_task(name="candidates.tasks.expire_storage_consents")
def expire_storage_consents() -> None:
    """Close the consents whose last day is over."""
    consents.expire_storage_consents(at=clock.now())


@shared_task(name="candidates.tasks.purge_drafts_and_links")
def purge_drafts_and_links() -> None:
    """Delete what was never sent, and links and visits that have run out."""
    drafts.purge_drafts(at=clock.now())
    purge_links_and_sessions(at=clock.now())
