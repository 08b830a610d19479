"""The row that each run of the erasing worker leaves: what the circuit breaker and the alarms look at."""

from collections.abc import Mapping
from datetime import datetime

from candidates.selectors.clock import periods
from common.clock import Boot
from privacy.models import RetentionRun


def record_run(numbers: Mapping[str, int], *, at: datetime, boot: Boot | None) -> RetentionRun:
    """Write what a run found and did, by which periods, and by which clock."""
    used = periods()
    return RetentionRun.objects.create(
        at=at,
        base_months=used.base,
        unanswered_months=used.unanswered,
        boot_ref=boot.ref if boot else "",
        since_boot=boot.since if boot else None,
        **numbers,
    )
