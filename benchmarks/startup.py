"""Cold start: ``django.setup()`` with the project's apps, beside Django's own contrib apps alone (goal 17)."""

import os
import subprocess
import sys
import time

from benchmarks import _report as report

CONTRIB = """
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                    "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
django.setup()
"""
PROJECT = "import django; django.setup()"
BOTO3 = f"{PROJECT}; import sys; print(int('boto3' in sys.modules))"


def run(code: str) -> float:
    """Seconds of a whole process that runs the code."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=_environment())
    return time.perf_counter() - began


def _environment() -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "clouder.settings"}


def main() -> None:
    """Measure and report."""
    options = report.arguments("startup", __doc__ or "")
    contrib, project, bare = report.in_turn(
        2 if options.quick else 15, lambda: run(CONTRIB), lambda: run(PROJECT), lambda: run("pass")
    )
    report.table([("bare Python", bare), ("contrib apps", contrib), ("this project", project)])
    answer = subprocess.run(
        [sys.executable, "-c", BOTO3], check=True, env=_environment(), capture_output=True, text=True
    )
    ratios = {
        "setup_vs_contrib": report.median(project) / report.median(contrib),
        "boto3_loaded": int(answer.stdout),
    }
    goals_met = ratios["setup_vs_contrib"] <= 1.6 and ratios["boto3_loaded"] == 0
    report.finish("startup", ratios, goals_met=goals_met, quick=options.quick)


if __name__ == "__main__":
    main()
