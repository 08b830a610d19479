"""Checks that run with ``manage.py check``."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from privacy import registry


@register()
def data_map(**_: Any) -> list[CheckMessage]:
    """Every field of every model is classified (spec scenario 39)."""
    return [Error(problem, id="clouder.E001") for problem in registry.problems()]
