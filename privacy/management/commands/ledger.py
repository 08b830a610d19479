"""``manage.py ledger verify|replay|copy``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common import clock
from common.commands import USAGE, Answer, only_one
from files.errors import StoreError
from privacy.services import journal, ledger, replay

LOCK = 7_103


class Command(BaseCommand):
    help = (
        "The ledger is the record of erasures and of the privacy journal outside the database. 'verify' checks its "
        "chain against itself and the database, with --audit the audit log against the hashes of its days as well, and "
        "that nobody whom it says to be erased is in the database. 'copy' writes its entries into a folder. "
        "'replay' does again, after a restore, what the ledger knows and the database forgot (a dry run unless "
        "--execute is given); until it has run the portal serves nothing. "
        "Exit codes: 0 done, 1 failed, 2 usage, 4 partly, 75 another replay is on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for act in ("verify", "replay"):
            acts.add_parser(act).add_argument("--format", choices=("text", "json"), default="text")
        copy = acts.add_parser("copy")
        copy.add_argument("folder", type=Path, help="a folder that does not exist yet")
        copy.add_argument("--format", choices=("text", "json"), default="text")
        acts.choices["verify"].add_argument("--audit", action="store_true", help="the audit log as well")
        acts.choices["replay"].add_argument("--execute", action="store_true", help="do it; without it nothing is done")

    def handle(self, *args: Any, **options: Any) -> None:
        is_dry = options["act"] == "replay" and not options["execute"]
        answer = Answer(f"ledger {options['act']}", is_dry=is_dry, at=clock.now())
        try:
            if options["act"] == "verify":
                self._verify(answer, with_audit=options["audit"])
            elif options["act"] == "copy":
                self._copy(answer, options["folder"])
            else:
                self._replay(answer)
        except StoreError as error:
            raise CommandError(f"the ledger does not answer: {error}") from error
        self.stdout.write(answer.as_json() if options["format"] == "json" else answer.as_text())
        answer.exit()

    @staticmethod
    def _verify(answer: Answer, *, with_audit: bool) -> None:
        answer.errors = [{"problem": problem} for problem in ledger.verify()]
        revived = [str(ref) for ref in replay.revived()]
        answer.errors += [{"problem": f"{ref} is in the database and was erased"} for ref in revived]
        if with_audit:
            answer.errors += [{"problem": problem} for problem in journal.verify_days(as_of=answer.at)]
        if not answer.errors:
            answer.counts = {"entries whole": ledger.highest_number() - ledger.anchor()[0]}

    @staticmethod
    def _copy(answer: Answer, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise CommandError(f"{folder} cannot be made: {error.strerror}", returncode=USAGE) from error
        answer.counts["entries"] = 0
        for number, content in ledger.every_entry():
            (folder / ledger.key_of(number)).write_bytes(content)
            answer.counts["entries"] += 1

    @staticmethod
    def _replay(answer: Answer) -> None:
        try:
            if answer.is_dry:
                report = replay.plan_replay()
            else:
                with only_one(LOCK, "replay"):
                    report = replay.replay(at=answer.at)
        except replay.NothingToReplay:
            return
        except replay.LedgerDiffers as error:
            raise CommandError(f"{error}; nothing was done") from error
        answer.counts = {
            "entries taken back": report.last - report.first + 1,
            "records erased again": len(report.erased),
            "erasures finished": len(report.unfinished_jobs),
            **{f"applied again: {action}": number for action, number in report.acts.items()},
            "to be done by hand": len(report.by_hand),
            "clocks computed": report.clocks,
        }
        answer.items = [{"candidate": ref} for ref in report.erased] + report.by_hand
        answer.errors = [{"batch": batch, "blocked": True} for batch in report.blocked]
