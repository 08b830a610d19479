"""Waking a worker after a commit. The row is the queue; this only saves the wait for the next sweep."""

import logging
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def wake(task: Any) -> None:
    """Send a task when the transaction has committed. Where the broker is down nothing is lost: the sweep will come."""

    def send() -> None:
        try:
            task.apply_async(retry=False, ignore_result=True)
        except OperationalError:
            log.warning("the broker does not answer; the sweep takes over")

    transaction.on_commit(send)
