"""The virus scan of files that were sent: a worker's, never a request's (ASVS 5.4.3, F13).

A row is the queue: a file that waits is leased, the lease is committed, and the file is scanned outside of any
transaction. What could not be scanned is tried again for as long as it takes, and nobody gets it meanwhile. A scanner
that stands still delays everything and loses nothing.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import IO, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from files.clamd import PATIENCE, Patience, ScanFailed, ScannerDown, check_alive, find_virus
from files.enums import FilePart, FileState, ScanState
from files.errors import StoreError
from files.models import StoredFile
from files.services import open_file

BATCH: Final = 10
LEASE: Final = timedelta(minutes=20)
"""Longer than a whole batch can take, each file at the end of its patience, so that no two workers scan one file."""
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
MOST_TRIES: Final = 1_000
"""The count stays there; trying does not end."""
PIECE: Final = 64 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scanned:
    """What became of the files that one run took. ``put_back`` are those that it did not come to."""

    clean: int = 0
    infected: int = 0
    failed: int = 0
    put_back: int = 0

    @property
    def is_more_likely(self) -> bool:
        """Whether it is worth while to take the next ones at once: some were taken, and the scanner answered."""
        return self.clean + self.infected + self.failed > 0 and not self.put_back

    def __add__(self, other: "Scanned") -> "Scanned":
        return Scanned(*(getattr(self, part.name) + getattr(other, part.name) for part in fields(self)))


def scan_files(*, at: datetime, limit: int = BATCH, patience: Patience = PATIENCE) -> Scanned:
    """Scan files that are due, the longest due first; several workers may run it at once.

    Nothing found: CLEAN. Something found: INFECTED, and the file is REFUSED from that moment. Anything else: FAILED,
    and tried again after a pause that doubles from one minute to one hour. Where no scanner is configured, or where it
    gives no sign of life, nothing is done and everything stays as it was.
    """
    if not settings.CLAMD_ADDRESS or not _due(at).exists():
        return Scanned()
    try:
        check_alive(settings.CLAMD_ADDRESS, patience)
    except ScannerDown as down:
        log.warning("no file is scanned now: %s", down)
        return Scanned()
    leased, leased_until = _lease(at=at, limit=limit)
    results: dict[ScanState, list[StoredFile]] = defaultdict(list)
    for number, stored in enumerate(leased, 1):
        try:
            results[_scan(stored, patience)].append(stored)
        except (ScanFailed, StoreError, FileNotFoundError) as error:
            log.warning("the virus scan of stored file %s failed: %s", stored.pk, _reason(error))
            results[ScanState.FAILED].append(stored)
            if isinstance(error, ScannerDown):
                results[ScanState.WAITING] = leased[number:]
                break
    if leased:
        _settle(results, leased_until=leased_until, at=at)
    return Scanned(
        clean=len(results[ScanState.CLEAN]),
        infected=len(results[ScanState.INFECTED]),
        failed=len(results[ScanState.FAILED]),
        put_back=len(results[ScanState.WAITING]),
    )


def queue_unscanned(*, at: datetime, limit: int) -> int:
    """Let files be scanned that were sent while no scanner was configured, the oldest first; returns how many.

    They cannot be downloaded from then on until they are scanned.
    """
    rows = StoredFile.objects.filter(
        state=FileState.ATTACHED, part=FilePart.ORIGINAL, scan=ScanState.NOT_SCANNED
    ).order_by("created_at", "pk")
    wanted = list(rows.values_list("pk", flat=True)[:limit])
    waiting = StoredFile.objects.filter(pk__in=wanted, state=FileState.ATTACHED, scan=ScanState.NOT_SCANNED)
    return waiting.update(scan=ScanState.WAITING, scan_after=at)


def count_waiting() -> int:
    """How many files wait for the scan, tried or not."""
    return _waiting().count()


def _waiting() -> QuerySet[StoredFile]:
    return StoredFile.objects.filter(
        state=FileState.ATTACHED, part=FilePart.ORIGINAL, scan__in=(ScanState.WAITING, ScanState.FAILED)
    )


def _due(at: datetime) -> QuerySet[StoredFile]:
    return _waiting().filter(scan_after__lte=at)


@transaction.atomic
def _lease(*, at: datetime, limit: int) -> tuple[list[StoredFile], datetime]:
    """Take due files for this worker: to nobody else are they due until the lease is over."""
    rows = list(_due(at).select_for_update(skip_locked=True).order_by("scan_after", "pk")[:limit])
    leased_until = at + LEASE
    StoredFile.objects.filter(pk__in=[row.pk for row in rows]).update(scan_after=leased_until)
    return rows, leased_until


def _scan(stored: StoredFile, patience: Patience) -> ScanState:
    digest = hashlib.sha256()

    def pieces(content: IO[bytes]) -> Iterator[bytes]:
        while piece := content.read(PIECE):
            digest.update(piece)
            yield piece

    with open_file(stored) as content:
        name = find_virus(pieces(content), settings.CLAMD_ADDRESS, patience)
    if name:
        log.warning("the virus scan found %s in stored file %s", name, stored.pk)
        return ScanState.INFECTED
    if digest.digest() != bytes(stored.sha256):
        raise ScanFailed("the object is not the file that was taken")
    return ScanState.CLEAN


def _reason(error: Exception) -> str:
    """Why, without what an error may quote: the store names keys."""
    return str(error) if isinstance(error, ScanFailed) else f"the file cannot be read ({type(error).__name__})"


@transaction.atomic
def _settle(results: dict[ScanState, list[StoredFile]], *, leased_until: datetime, at: datetime) -> None:
    """Write down what was found, where the lease is still ours; a virus counts in any case."""
    mine = StoredFile.objects.filter(state=FileState.ATTACHED, scan_after=leased_until)
    mine.filter(pk__in=_keys(results[ScanState.CLEAN])).update(scan=ScanState.CLEAN, scanned_at=at, scan_after=None)
    infected = StoredFile.objects.filter(pk__in=_keys(results[ScanState.INFECTED]), state=FileState.ATTACHED)
    infected.update(scan=ScanState.INFECTED, state=FileState.REFUSED, scanned_at=at, scan_after=None, read_after=None)
    failed: dict[int, list[StoredFile]] = defaultdict(list)
    for stored in results[ScanState.FAILED]:
        failed[stored.scan_tries].append(stored)
    for tries, rows in failed.items():
        mine.filter(pk__in=_keys(rows)).update(
            scan=ScanState.FAILED, scan_tries=min(tries + 1, MOST_TRIES), scan_after=at + _pause(tries)
        )
    mine.filter(pk__in=_keys(results[ScanState.WAITING])).update(scan_after=at + FIRST_PAUSE)


def _pause(tries: int) -> timedelta:
    return min(FIRST_PAUSE * (1 << min(tries, 10)), LONGEST_PAUSE)


def _keys(rows: list[StoredFile]) -> list[UUID]:
    return [row.pk for row in rows]
