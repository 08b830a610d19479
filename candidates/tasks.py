"""Tasks of recruitment. Each reads the clock and makes service calls."""

from celery import shared_task

from accounts.services.links import purge_links_and_sessions
from candidates.services import consents, drafts, holds, outreach, restrictions, tasks_for_staff, words
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


@shared_task(name="candidates.tasks.tell_and_ask_in_time")
def tell_and_ask_in_time() -> None:
    """What has its day: people whose restriction ends, colleagues whose applications do, and holds that are over."""
    at = clock.now()
    restrictions.tell_of_ending_restrictions(at=at)
    tasks_for_staff.open_contact_or_close_tasks(at=at)
    holds.release_ended_holds(at=at)


@shared_task(name="candidates.tasks.note_failed_outreach")
def note_failed_outreach() -> None:
    """Take back the messages to people whom we approached that the mail server gave up on."""
    outreach.note_failed_outreach(at=clock.now())


@shared_task(name="candidates.tasks.index_documents")
def index_documents() -> None:
    """Make the words of documents findable whose text a worker has made."""
    while words.index_documents():
        pass
