"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language


def site(request: HttpRequest) -> dict[str, object]:
    """The controller, and the same page in the other language where it has one."""
    language = get_language() or "en"
    other = "fi" if language == "en" else "en"
    return {
        "controller": settings.CONTROLLER,
        "other_language": other,
        "other_language_url": translate_url(request.path, other),
        "site_url": settings.SITE_URL,
        "answer_days": settings.ANSWER_TIME.days,
    }
