"""``manage.py retention plan|run|explain|simulate``."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from candidates.models import Candidate, Consent
from common import clock
from common.commands import USAGE, Answer, instant, only_one
from common.templatetags.common_text import counts_why, event_label
from files.errors import StoreError
from policy.calendar import HELSINKI
from privacy.management.commands import _simulate
from privacy.selectors import due as selectors
from privacy.selectors.explanation import PersonExplanation, as_document, explain_person
from privacy.services import erasure
from privacy.services.guard import ClockDiffers, check_clock

LOCK = 7_102


class Command(BaseCommand):
    help = (
        "Candidates are kept for two calendar years from the last contact, longer where they consented, and erased "
        "after that. 'plan' lists who is due, 'run' erases them (a dry run unless --execute is given), 'explain' says "
        "why one person's date is what it is, 'simulate' what another period would change. Exit codes: 0 done, "
        "1 failed, 2 usage, 4 partly, 75 another run is on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for act in ("plan", "run"):
            sub = acts.add_parser(act)
            self._common(sub)
            sub.add_argument("--limit", type=int, default=0, help="at most so many records")
        acts.choices["run"].add_argument("--execute", action="store_true", help="erase; without it nothing is done")
        sub = acts.add_parser("simulate")
        _simulate.add_arguments(sub)
        self._common(sub)
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
        if options["act"] == "simulate":
            answer = _simulate.simulate(options, at)
            self.stdout.write(answer.as_json() if options["format"] == "json" else answer.as_text())
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
                report = erasure.erase_due(at=answer.at, limit=limit, boot=None if is_rehearsal else clock.boot())
            except StoreError as error:
                raise CommandError(f"the ledger cannot be written, so nobody was erased: {error}") from error
        answer.items = [{"candidate": str(ref)} for ref in report.erased]
        answer.counts = {"erased": len(report.erased), "no longer due": report.released}
        answer.errors = [{"batch": str(batch), "blocked_by": reason} for batch, reason in report.blocked]

    def _explain(self, candidate_id: UUID, at: datetime, form: str) -> None:
        record = Candidate.objects.filter(pk=candidate_id).only("person_ref").first()
        if record is None:
            raise CommandError(f"no record {candidate_id}: it never was, or it is erased")
        found = explain_person(record.person_ref, as_of=at)
        answer = Answer("retention explain", is_dry=False, at=at)
        answer.items = [as_document(found)]
        self.stdout.write(answer.as_json() if form == "json" else _in_words(found))


def _in_words(person: PersonExplanation) -> str:
    found = person.own
    lines = [f"{found.state}: kept until {found.keep_until}"]
    with translation.override("en"):
        lines += [f"{_when(step.at)}: {step.act.label}" for step in person.steps]
        for event in found.events:
            mark = "*" if event.ref == found.clock.set_by else ("+" if event.counts else "-")
            lines.append(f"{mark} {_when(event.at)} {event_label(event.kind)} [{event.rule}] {counts_why(event)}")
        lines += [_of_consent(consent) for consent in found.consents]
        lines += [f"restricted since {_when(row.opened_at)}: {row.get_ground_display()}" for row in found.restrictions]
        lines += [f"held until {hold.ends_on or 'released'}: {len(items)} of {hold.pk}" for hold, items in person.holds]
        lines += [f"request {row.number}, due {row.due_on}: {row.get_kind_display()}" for row in person.requests]
    lines.append("* set the date   + counted   - did not count")
    return "\n".join(lines)


def _of_consent(consent: Consent) -> str:
    taken_back = f", taken back {_when(consent.withdrawn_at)}" if consent.withdrawn_at else ""
    return f"consent of {_when(consent.granted_at)} until {consent.ends_on}{taken_back}"


def _when(moment: datetime | None) -> str:
    """An instant in Helsinki; of what waits for a human nobody knows when it comes."""
    return f"{moment.astimezone(HELSINKI):%Y-%m-%d %H:%M}" if moment else "then"
