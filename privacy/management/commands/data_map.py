"""``manage.py data_map [--check]``."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from common.data_map import Personal, Table
from privacy import registry

TARGET = Path("docs/data-map.md")
HEAD = """# The data map

Made from the `personal_data.py` of each app by `manage.py data_map`; do not edit. Every concrete field of every model
stands here. Erasure and its check run from the same tables.
"""


class Command(BaseCommand):
    help = "Writes docs/data-map.md from what the apps say they keep; --check fails if the file or the map is not true."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is not true")

    def handle(self, *args: Any, **options: Any) -> None:
        problems = registry.problems()
        target = settings.BASE_DIR / TARGET
        text = document()
        if options["check"]:
            if not target.exists() or target.read_text(encoding="utf-8") != text:
                problems.append(f"{TARGET} is not up to date; run manage.py data_map")
        else:
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8")
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            sys.exit(1)


def document() -> str:
    """The map as Markdown."""
    parts = [HEAD]
    for label in sorted(registry.tables()):
        parts += _table(registry.tables()[label])
    return "\n".join(parts)


def _table(table: Table) -> list[str]:
    how = table.handling
    lines = [
        f"## {table.model}",
        "",
        (
            f"Whose: {how.subject.value}. Purpose: {how.purpose}. Ground: {how.basis}. Kept: {how.period}. "
            f"Erasure: {how.erasure.value}."
        ),
        "",
        "| field | what | export |",
        "|---|---|---|",
    ]
    for name, field in table.fields.items():
        if isinstance(field, Personal):
            lines.append(f"| {name} | {field.what} | {field.export.value} |")
        else:
            lines.append(f"| {name} | not personal: {field} | |")
    return [*lines, ""]
