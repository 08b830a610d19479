"""``manage.py settings_table [--check]``."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from clouder.env import REQUIRED, VARIABLES, Variable

TARGET = Path("docs/reference/settings.md")
HEAD = """# Settings

Made from `clouder/env.py` by `manage.py settings_table`; do not edit. Every setting is an environment variable. An
unknown `CLOUDER_…` variable, a missing or a malformed one stops the program with a line that names it.

| variable | wants | default | meaning | example |
|---|---|---|---|---|
"""


class Command(BaseCommand):
    help = "Writes docs/reference/settings.md from the table that reads the environment; --check fails if it differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file differs")

    def handle(self, *args: Any, **options: Any) -> None:
        target = settings.BASE_DIR / TARGET
        text = document()
        if not options["check"]:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != text:
            self.stderr.write(f"{TARGET} is not up to date; run manage.py settings_table")
            sys.exit(1)


def document() -> str:
    """The table as Markdown."""
    return HEAD + "\n".join(_row(variable) for variable in VARIABLES) + "\n"


def _row(variable: Variable) -> str:
    if variable.default is REQUIRED:
        default = "required"
    elif variable.is_dev_only:
        default = "dev.py only"
    else:
        default = str(variable.default) if variable.default not in (None, []) else "none"
    return f"| `{variable.name}` | {variable.wants} | {default} | {variable.meaning} | `{variable.example}` |"
