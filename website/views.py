"""Pages of the public shell."""

from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from common import clock
from notices.texts import TextId, current
from policy import periods
from website.cookies import inventory


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """The site in the language that the browser asks for."""
    response = redirect("candidates:positions")
    response["Vary"] = "Accept-Language"
    return response


@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """The short privacy notice, as it is shown above the form."""
    text = current(TextId.SHORT_NOTICE, get_language() or "en")
    return render(request, "website/notice.html", {"text": text, "periods": periods})


@require_safe
def cookies(request: HttpRequest) -> HttpResponse:
    """Every cookie that this site may set."""
    return render(request, "website/cookies.html", {"cookies": inventory()})


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive; asks nothing of any other part."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and is migrated, and this machine's clock is in step with it.

    A web server whose clock is late shows people who have expired and takes links that have run out.
    """
    try:
        executor = MigrationExecutor(connection)
        is_in_step = abs(clock.now() - clock.database_now()) <= settings.CLOCK_TOLERANCE
    except OperationalError:
        return JsonResponse({"database": False, "migrated": False, "clock": False}, status=503)
    is_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    answer = {"database": True, "migrated": is_migrated, "clock": is_in_step}
    return JsonResponse(answer, status=200 if all(answer.values()) else 503)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: say what to do, for the reason is nearly always a cookie that is gone."""
    return render(request, "errors/csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a page that needs no database and no context."""
    return render(request, "errors/500.html", {"controller": settings.CONTROLLER}, status=500)
