"""``manage.py retention plan|run|explain``."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from candidates.models import Candidate
from candidates.selectors.clock import Explanation, explain
from common import clock
from common.commands import USAGE, Answer, instant, only_one
from common.templatetags.common_text import counts_why, event_label
from files.errors import StoreError
from policy.calendar import HELSINKI
from privacy.selectors import due as selectors
from privacy.services import erasure
from privacy.services.guard import ClockDiffers, check_clock

LOCK = 7_102


class Command(BaseCommand):
    help = (
        "Candidates are kept for two calendar years from the last contact, longer where they consented, and erased "
        "after that. 'plan' lists who is due, 'run' erases them (a dry run unless --execute is given), 'explain' says "
        "why one person's date is what it is. Exit codes: 0 done, 1 failed, 2 usage, 4 partly, 75 another run is on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for act in ("plan", "run"):
            sub = acts.add_parser(act)
            self._common(sub)
            sub.add_argument("--limit", type=int, default=0, help="at most so many records")
        acts.choices["run"].add_argument("--execute", action="store_true", help="erase; without it nothing is done")
        sub = acts.add_parser("explain")
        sub.add_argument("candidate", type=UUID, help="the UUID of a record")
        self._common(sub)

    @staticmethod
    def _common(parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=instant, help="rehearse another instant, Helsinki time")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        at: datetime = options["as_of"] or clock.now()
        if options["act"] == "explain":
            self._explain(options["candidate"], at, options["format"])
            return
        is_dry = not options.get("execute")
        if options["as_of"] and not is_dry and not settings.DEV:
            raise CommandError("--as-of only rehearses; it is refused together with --execute", returncode=USAGE)
        answer = Answer(f"retention {options['act']}", is_dry=is_dry, at=at)
        if is_dry:
            self._plan(answer, options["limit"])
        else:
            self._run(answer, options["limit"], is_rehearsal=bool(options["as_of"]))
        self.stdout.write(answer.as_json() if options["format"] == "json" else answer.as_text())
        answer.exit()

    def _plan(self, answer: Answer, limit: int) -> None:
        for row in selectors.due(answer.at, limit):
            answer.items.append({"candidate": str(row.candidate_id), "at": row.at.isoformat(), "why": row.why})
        answer.counts["due"] = len(answer.items)

    def _run(self, answer: Answer, limit: int, *, is_rehearsal: bool) -> None:
        if not is_rehearsal:
            try:
                check_clock(answer.at, clock.database_now())
            except ClockDiffers as error:
                raise CommandError(str(error)) from error
        with only_one(LOCK, "retention run"):
            try:
                report = erasure.erase_due(at=answer.at, limit=limit)
            except StoreError as error:
                raise CommandError(f"the ledger cannot be written, so nobody was erased: {error}") from error
        answer.items = [{"candidate": str(ref)} for ref in report.erased]
        answer.counts = {"erased": len(report.erased), "no longer due": report.released}
        answer.errors = [{"batch": str(batch), "blocked_by": reason} for batch, reason in report.blocked]

    def _explain(self, candidate_id: UUID, at: datetime, form: str) -> None:
        record = Candidate.objects.filter(pk=candidate_id).only("person_ref").first()
        if record is None:
            raise CommandError(f"no record {candidate_id}: it never was, or it is erased")
        found = explain(record.person_ref, as_of=at)
        answer = Answer("retention explain", is_dry=False, at=at)
        answer.items = [explanation_document(found)]
        self.stdout.write(answer.as_json() if form == "json" else _in_words(found))


def explanation_document(found: Explanation) -> dict[str, Any]:
    """The explanation as plain data, with ids and enums only."""
    return {
        "person": str(found.person_ref),
        "records": [str(ref) for ref in found.records],
        "events": [
            {
                "id": event.ref,
                "type": event.kind.value,
                "at": event.at.isoformat(),
                "counts": event.counts,
                "why": event.rule,
            }
            for event in found.events
        ],
        "last_contact_at": found.clock.last_contact_at.isoformat(),
        "set_by": found.clock.set_by,
        "due_on": found.clock.due_on.isoformat(),
        "erase_at": found.clock.erase_at.isoformat(),
        "consents": [
            {
                "id": str(consent.pk),
                "granted_at": consent.granted_at.isoformat(),
                "ends_on": consent.ends_on.isoformat(),
                "withdrawn_at": consent.withdrawn_at.isoformat() if consent.withdrawn_at else None,
            }
            for consent in found.consents
        ],
        "keep_until": found.keep_until.isoformat(),
        "holds": [],
        "restrictions": [],
        "open_requests": _open_requests(found),
        "state": found.state,
        "next_action": found.next_action,
        "next_at": found.next_at.isoformat(),
    }


def _open_requests(found: Explanation) -> list[dict[str, str]]:
    if found.erase_after is None:
        return []
    return [{"type": "ERASURE", "due_at": found.erase_after.isoformat()}]


def _in_words(found: Explanation) -> str:
    moment = found.next_at.astimezone(HELSINKI)
    lines = [f"{found.state}: kept until {found.keep_until}, then erased at {moment:%Y-%m-%d %H:%M} (Helsinki)"]
    for event in found.events:
        mark = "*" if event.ref == found.clock.set_by else ("+" if event.counts else "-")
        when = event.at.astimezone(HELSINKI)
        lines.append(f"{mark} {when:%Y-%m-%d %H:%M} {event_label(event.kind)} [{event.rule}] {counts_why(event)}")
    lines.append("* set the date   + counted   - did not count")
    return "\n".join(lines)
