"""``manage.py demo``: the portal with made-up data, or with --check the main job done by itself."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from clouder.demo import check, show
from clouder.demo.processes import ProcessFault, StopRequested, stop_signals

EXIT_FAILED, EXIT_USAGE = 1, 2


class Command(BaseCommand):
    help = (
        "Runs the portal with made-up data until Ctrl-C. With --check it applies, reads, and has somebody erased two "
        "years later by itself, says of each step whether it went well, and exits: 0 if all did, 1 if one did not, "
        "2 for a wrong use. Under dev.py only: python3 dev.py demo."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="port of this machine; 8000 if nothing else is said")
        parser.add_argument("--reset-data", action="store_true", help="empty the database and the stores first")
        parser.add_argument("--check", action="store_true", help="do the main job by itself, in a database of its own")
        parser.add_argument("--cv", type=Path, action="append", default=[], metavar="FILE",
                            help="with --check: a document to apply with; may be repeated")  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEV:
            self.end(EXIT_USAGE, "The demonstration runs under dev.py alone: python3 dev.py demo.")
        try:
            with stop_signals():
                if options["check"]:
                    self.end(check.run(options["port"], options["cv"]))
                self.show(options["port"], is_reset=options["reset_data"])
        except show.Refusal as refusal:
            self.end(EXIT_USAGE, str(refusal))
        except StopRequested as stop:
            self.end(stop.exit_code)

    def show(self, port: int | None, *, is_reset: bool) -> None:
        """Run until somebody stops it, which is how it ends well."""
        try:
            show.show(port, is_reset=is_reset)
        except StopRequested:
            self.stdout.write(f"\nStopped. What ran: {show.what_ran()}.")
            self.end(0)
        except ProcessFault as fault:
            self.end(EXIT_FAILED, f"{fault}. Stopped.")

    def end(self, code: int, sentence: str = "") -> None:
        """Leave with this exit code, and with a sentence on stderr."""
        if sentence:
            self.stderr.write(sentence)
        sys.exit(code)
