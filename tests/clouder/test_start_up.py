"""What a process loads when it starts: a worker needs no pages."""

import subprocess
import sys

from tests.parts.worker import worker_environment


def run(code: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", code], env=worker_environment(), capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.split()


def test_the_admin_is_loaded_by_what_needs_it_and_whole_then() -> None:
    loaded = "print(*(f'{app}.admin' in sys.modules for app in ('candidates', 'privacy')))\n"
    begin = f"import django, sys\ndjango.setup()\nfrom django.contrib import admin\n{loaded}"
    registered = "from candidates.models import Candidate\nprint(admin.site.is_registered(Candidate))\n"
    checks = run(f"{begin}from django.core.checks import run_checks\nrun_checks(tags=['admin'])\n{loaded}{registered}")
    assert checks == ["False", "False", "True", "True", "True"]
    addresses = run(f"{begin}from django.urls import reverse\nreverse('admin:index')\n{loaded}{registered}")
    assert addresses == ["False", "False", "True", "True", "True"]
    pages = run(f"import clouder.wsgi, sys\n{loaded}from django.contrib import admin\n{registered}")
    assert pages == ["True", "True", "True"]
