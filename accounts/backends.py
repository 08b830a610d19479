"""What signing in and its lockout share."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from policy.identifiers import normalise_address


def login_name(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The account that a sign-in is for, in the form that it is looked up by: another spelling is no further guess."""
    typed = str((credentials or {}).get("username") or request.POST.get("username") or "")
    try:
        return normalise_address(typed)
    except ValueError:
        return typed
