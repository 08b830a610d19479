"""Tasks of mailing. Each reads the clock and makes one service call."""

from celery import shared_task

from common import clock
from mailing import services


@shared_task(name="mailing.tasks.deliver_emails")
def deliver_emails() -> None:
    """Send what is due."""
    services.deliver_emails(at=clock.now())
