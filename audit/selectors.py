"""Reads of the record, within its periods: acts for two calendar years, looks at people for one (policy §7).

What is older is not shown, whether or not the daily purge has run.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models

from audit.enums import Purpose
from audit.models import AccessEvent, AuditEvent
from policy.calendar import first_kept_day, local_date, local_midnight
from policy.periods import ACTS_YEARS, TECHNICAL_DATA_YEARS

CHUNK = 2_000


def kept_since(as_of: datetime, years: int) -> datetime:
    """The instant from which rows are shown at ``as_of``, where they are kept for so many calendar years."""
    return local_midnight(first_kept_day(local_date(as_of), years))


def acts(*, as_of: datetime) -> "models.QuerySet[AuditEvent]":
    """Acts within their period."""
    return AuditEvent.objects.filter(at__gte=kept_since(as_of, ACTS_YEARS))


def looks(*, as_of: datetime) -> "models.QuerySet[AccessEvent]":
    """Looks at people's data within their period."""
    return AccessEvent.objects.filter(at__gte=kept_since(as_of, TECHNICAL_DATA_YEARS))


def access_report(
    *,
    as_of: datetime,
    since: datetime,
    until: datetime,
    actor_ref: UUID | None = None,
    object_ref: UUID | None = None,
) -> "models.QuerySet[AccessEvent]":
    """Looks from one instant to before another, by one actor or at one thing, oldest first (spec §8.2)."""
    rows = looks(as_of=as_of).filter(at__gte=since, at__lt=until)
    if actor_ref:
        rows = rows.filter(actor_ref=actor_ref)
    if object_ref:
        rows = rows.filter(object_ref=object_ref)
    return rows.order_by("at", "pk")


@dataclass(frozen=True)
class Look:
    """When and what for somebody looked at a person's data: what the person may know (CJEU C-579/21), no names."""

    at: datetime
    access: str
    purpose: Purpose


def accesses_of(refs: Iterable[UUID], *, as_of: datetime) -> list[Look]:
    """Every look at these records within the period, oldest first; for the person's export."""
    rows = looks(as_of=as_of).filter(subject_refs__overlap=list(refs)).exclude(purpose=Purpose.OWN_DATA)
    return [Look(row.at, row.access, Purpose(row.purpose)) for row in rows.order_by("at", "pk")]


@dataclass(frozen=True)
class Digest:
    """The rows of some days as a number and a hash."""

    count: int
    sha256: str

    def as_data(self) -> dict[str, Any]:
        """For an entry of the ledger."""
        return {"count": self.count, "sha256": self.sha256}


def first_day(*, since: date | None = None) -> date | None:
    """The local date of the oldest row, or of the oldest from ``since`` on; None where there is none."""
    later = {"at__gte": local_midnight(since)} if since else {}
    tables = (AuditEvent.objects.filter(**later), AccessEvent.objects.filter(**later))
    found = [rows.order_by("at").values_list("at", flat=True).first() for rows in tables]
    oldest = min((at for at in found if at), default=None)
    return local_date(oldest) if oldest else None


def are_acts_whole(since: date, *, as_of: datetime) -> bool:
    """Whether no act from ``since`` on may have gone because its period is over."""
    return local_midnight(since) >= kept_since(as_of, ACTS_YEARS)


def are_looks_whole(since: date, *, as_of: datetime) -> bool:
    """Whether no look from ``since`` on may have gone because its period is over."""
    return local_midnight(since) >= kept_since(as_of, TECHNICAL_DATA_YEARS)


def digest_of_acts(since: date, until: date) -> Digest:
    """All acts from one local date to before another, in the order of their ids."""
    return _digest(AuditEvent.objects.all(), since, until)


def digest_of_looks(since: date, until: date) -> Digest:
    """All looks from one local date to before another, in the order of their ids."""
    return _digest(AccessEvent.objects.all(), since, until)


def _digest(rows: "models.QuerySet[Any]", since: date, until: date) -> Digest:
    chosen = rows.filter(at__gte=local_midnight(since), at__lt=local_midnight(until)).order_by("pk")
    total, count = hashlib.sha256(), 0
    for line in _lines(chosen):
        total.update(line)
        count += 1
    return Digest(count, total.hexdigest())


def _lines(rows: "models.QuerySet[Any]") -> Iterator[bytes]:
    names = sorted(field.attname for field in rows.model._meta.concrete_fields)
    for values in rows.values_list(*names).iterator(chunk_size=CHUNK):
        row = dict(zip(names, values, strict=True))
        row["at"] = row["at"].isoformat()
        yield json.dumps(row, sort_keys=True, separators=(",", ":"), default=_text).encode() + b"\n"


def _text(value: Any) -> str:
    """References as text."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
