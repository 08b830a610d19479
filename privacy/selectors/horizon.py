"""The retention horizon: who falls due when, by month and by position; and what another period would make of it.

One query answers, whatever the number of people. A person counts once, in the month of the local day on which
everything of theirs goes, and under the position of their newest application. Under the periods in force the dates are
the stored ones; under another base period they are computed from the last contact by the same calendar rule as
``policy``, with consents, notices of Art. 14 and the time of those who never answered as they are. PostgreSQL adds
months as ``policy.calendar.add_months`` does, to the last day of a shorter month; a test compares them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from candidates.enums import APPROACHED
from policy.calendar import add_months, local_date, local_midnight
from policy.retention import ANSWERS, Periods

MONTHS: Final = 24
LONGEST: Final = 60


@dataclass(frozen=True)
class Month:
    """A month, by its first day, and how many people fall due in it."""

    first: date
    people: int


@dataclass(frozen=True)
class PositionRow:
    """A position and how many people fall due in each month; ``position_id`` is None for open applications and none."""

    position_id: UUID | None
    title_en: str
    title_fi: str
    months: list[int]

    @property
    def total(self) -> int:
        """People of all months."""
        return sum(self.months)


@dataclass(frozen=True)
class Horizon:
    """Who falls due when. ``now`` are due already, ``later`` after the last month, ``kept_back`` until somebody lifts a
    restriction. ``retention_months`` is the base period that was looked at, ``is_what_if`` whether it is another than
    the one in force.
    """

    as_of: datetime
    retention_months: int
    is_what_if: bool
    months: list[Month]
    positions: list[PositionRow]
    now: int
    later: int
    kept_back: int

    @property
    def total(self) -> int:
        """Everybody who is stored and not being erased already."""
        return self.now + sum(month.people for month in self.months) + self.later + self.kept_back

    @property
    def most(self) -> int:
        """The largest number of any month."""
        return max((month.people for month in self.months), default=0)


PEOPLE = """
SELECT person_ref,
       max(last_contact_at) AS contact_at,
       max(due_on) AS due_on,
       max(expires_at) AS expires_at,
       max(held_back_until) AS held_back_until,
       min(erase_after) AS erase_after,
       bool_and(origin = ANY(%(approached)s)) AS is_sourced,
       min(noticed_at) AS noticed_at
FROM candidates_candidate WHERE erasing_ref IS NULL GROUP BY person_ref
"""

STORED = "SELECT person_ref, expires_at, held_back_until, erase_after FROM people"

OTHERWISE = """
SELECT person_ref, held_back_until, erase_after,
       (GREATEST(base, consent_ends_on) + 1)::timestamp AT TIME ZONE 'Europe/Helsinki' AS expires_at
FROM (
    SELECT people.*,
           CASE WHEN is_sourced AND noticed_at IS NULL THEN due_on
                WHEN is_sourced AND NOT EXISTS (
                    SELECT FROM candidates_interaction i JOIN candidates_candidate c ON c.id = i.candidate_id
                    WHERE c.person_ref = people.person_ref AND i.revocation = '' AND i.kind = ANY(%(answers)s)
                ) THEN (contact_on + make_interval(months => %(unanswered)s))::date
                ELSE (contact_on + make_interval(months => %(base)s))::date
           END AS base,
           (SELECT max(s.ends_on) FROM candidates_consent s JOIN candidates_candidate c ON c.id = s.candidate_id
            WHERE c.person_ref = people.person_ref AND s.withdrawn_at IS NULL) AS consent_ends_on
    FROM (SELECT *, (contact_at AT TIME ZONE 'Europe/Helsinki')::date AS contact_on FROM people) people
) computed
"""

MOMENTS = """
SELECT person_ref,
       CASE WHEN erase_after IS NOT NULL THEN LEAST(erase_after, GREATEST(expires_at, held_back_until))
            ELSE GREATEST(expires_at, held_back_until) END AS moment
FROM clocks
"""

NEWEST = """
SELECT DISTINCT ON (c.person_ref) c.person_ref, a.position_id
FROM candidates_application a JOIN candidates_candidate c ON c.id = a.candidate_id
ORDER BY c.person_ref, a.submitted_at DESC, a.id
"""

GROUPED = """
SELECT month, position_id, p.title_en, p.title_fi, number FROM (
    SELECT CASE WHEN moment <= %(as_of)s THEN '0001-01-01'::date
                WHEN moment >= %(forever)s THEN '9999-01-01'::date
                WHEN moment >= %(end)s THEN '9998-01-01'::date
                ELSE date_trunc('month', moment AT TIME ZONE 'Europe/Helsinki')::date END AS month,
           {position} AS position_id, count(*) AS number
    FROM moments {join} GROUP BY 1, 2
) grouped LEFT JOIN candidates_position p ON p.id = grouped.position_id
"""

NOW, LATER, KEPT_BACK = date(1, 1, 1), date(9998, 1, 1), date(9999, 1, 1)
FOREVER = "9999-01-01 00:00+00"


def horizon(
    as_of: datetime, months: int = MONTHS, retention_months: int | None = None, *, with_positions: bool = True
) -> Horizon:
    """Who falls due in each of the next months, the present one first.

    ``retention_months`` asks what another base period would do. Without positions it is cheaper, and the list of them
    is empty. Raises ValueError for a period longer than the policy promises, or a number of months out of range.
    """
    if not 0 < months <= LONGEST:
        raise ValueError(f"between 1 and {LONGEST} months")
    base = settings.RETENTION_MONTHS if retention_months is None else retention_months
    periods = Periods(base=base, unanswered=min(settings.SOURCED_MONTHS, base) if base > 0 else 1)
    is_what_if = base != settings.RETENTION_MONTHS
    first = local_date(as_of).replace(day=1)
    end = add_months(first, months)
    rows = _rows(as_of, end, periods, is_what_if=is_what_if, with_positions=with_positions)
    by_month: dict[date, int] = {}
    for month, _position, _en, _fi, number in rows:
        by_month[month] = by_month.get(month, 0) + number
    firsts = [add_months(first, number) for number in range(months)]
    return Horizon(
        as_of=as_of,
        retention_months=base,
        is_what_if=is_what_if,
        months=[Month(day, by_month.get(day, 0)) for day in firsts],
        positions=_positions(rows, firsts) if with_positions else [],
        now=by_month.get(NOW, 0),
        later=by_month.get(LATER, 0),
        kept_back=by_month.get(KEPT_BACK, 0),
    )


Row = tuple[date, UUID | None, str | None, str | None, int]


def _rows(as_of: datetime, end: date, periods: Periods, *, is_what_if: bool, with_positions: bool) -> list[Row]:
    grouped = GROUPED.format(
        position="position_id" if with_positions else "NULL::uuid",
        join="LEFT JOIN newest USING (person_ref)" if with_positions else "",
    )
    parts = {"people": PEOPLE, "clocks": OTHERWISE if is_what_if else STORED, "moments": MOMENTS}
    if with_positions:
        parts["newest"] = NEWEST
    query = "WITH " + ", ".join(f"{name} AS ({sql})" for name, sql in parts.items()) + grouped
    values: dict[str, Any] = {
        "approached": [origin.value for origin in APPROACHED],
        "answers": [kind.value for kind in ANSWERS],
        "base": periods.base,
        "unanswered": periods.unanswered,
        "as_of": as_of,
        "forever": FOREVER,
        "end": local_midnight(end),
    }
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        rows: list[Row] = cursor.fetchall()
    return rows


def _positions(rows: list[Row], firsts: list[date]) -> list[PositionRow]:
    """The positions with anybody in these months, the most people first; open applications are one row."""
    place = {day: number for number, day in enumerate(firsts)}
    found: dict[UUID | None, PositionRow] = {}
    for month, position_id, title_en, title_fi, number in rows:
        if month in place:
            empty = PositionRow(position_id, title_en or "", title_fi or "", [0] * len(firsts))
            found.setdefault(position_id, empty).months[place[month]] += number
    return sorted(found.values(), key=lambda row: (-row.total, row.title_en))
