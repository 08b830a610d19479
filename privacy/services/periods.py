"""How long the records of privacy itself are kept (limits.md): they hold no name, and still are not kept for ever.

Erasures, runs, stops, alarms, replays and the ledger: two calendar years, as the acts in the audit log. The register of
requests: three calendar years after the answer, without the identity of who asked.
"""

from datetime import datetime

from django.db.models import Q

from policy.calendar import first_kept_day, local_date, local_midnight
from policy.periods import ACTS_YEARS, REGISTER_YEARS
from privacy.enums import FINISHED
from privacy.models import (
    Alarm,
    BulkErasure,
    ErasureBatch,
    ErasureCase,
    Replay,
    RetentionRun,
    RunStop,
    SubjectRequest,
)
from privacy.services import ledger


def purge_old_records(*, at: datetime) -> dict[str, int]:
    """Delete what is older than its period; nothing that is still open goes. Returns the counts by model.

    Raises ``files.errors.StoreError`` where the ledger's store refused: its entries then wait for the next run.
    """
    acts = local_midnight(first_kept_day(local_date(at), ACTS_YEARS))
    register = local_midnight(first_kept_day(local_date(at), REGISTER_YEARS))
    is_finished = Q(state__in=FINISHED, finished_at__lt=acts)
    old = {
        "ErasureBatch": ErasureBatch.objects.filter(is_finished),
        "ErasureCase": ErasureCase.objects.filter(closed_at__lt=acts),
        "BulkErasure": BulkErasure.objects.filter(Q(decided_at__lt=acts) | Q(decided_at=None, asked_at__lt=acts)),
        "RetentionRun": RetentionRun.objects.filter(at__lt=acts),
        "RunStop": RunStop.objects.filter(closed_at__lt=acts),
        "Alarm": Alarm.objects.filter(cleared_at__lt=acts),
        "Replay": Replay.objects.filter(at__lt=acts, report__is_finished=True),
        "SubjectRequest": SubjectRequest.objects.filter(closed_at__lt=register),
    }
    counts = {name: rows.delete()[0] for name, rows in old.items()}
    return {**counts, "LedgerRecord": ledger.purge_before(acts)}
