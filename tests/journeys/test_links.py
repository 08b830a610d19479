"""A candidate's link is stored and shown, and nothing ever asks its server for anything (scenario 44, policy §3)."""

import sys
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from candidates.enums import LinkKind
from candidates.models import Position
from mailing.services import deliver_emails
from privacy.services import erasure
from tests.factories import people

pytestmark = pytest.mark.django_db
HOST = "portfolio.example.org"

_watching: list[list[str]] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "socket.getaddrinfo":
        _watching[-1].append(str(arguments[0]))
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        _watching[-1].append(str(arguments[1][0]))


sys.addaudithook(_watch)  # one for the whole process: Python has no way to take a hook back


@pytest.fixture
def contacted() -> Iterator[list[str]]:
    """Every host that this process looks up or connects to."""
    _watching.append([])
    yield _watching[-1]
    _watching.pop()


def _is_elsewhere(host: str) -> bool:
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def test_the_watch_sees_a_look_up(contacted: list[str]) -> None:
    import socket

    with pytest.raises(OSError):  # noqa: PT011 (the words are the system's)
        socket.getaddrinfo("nowhere.invalid", 443)
    assert contacted == ["nowhere.invalid"]


def test_no_request_ever_goes_to_a_candidates_link(
    position: Position, recruiter: User, client: Client, at: datetime, contacted: list[str]
) -> None:
    now = datetime.now(at.tzinfo)
    application = people.application(
        now, position, links=[(LinkKind.OTHER, f"https://{HOST}/me?a=1"), (LinkKind.GITHUB, "https://github.com/aino")]
    )
    deliver_emails(at=now)
    client.force_login(recruiter)
    page = client.get(f"/admin/candidates/candidate/{application.candidate_id}/change/")
    assert f"https://{HOST}/me?a=1" in page.content.decode()
    erasure.erase_due(at=application.candidate.expires_at)
    assert [host for host in contacted if _is_elsewhere(host)] == []
