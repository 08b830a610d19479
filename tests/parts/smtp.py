"""A mail server that behaves as badly as it is told to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from typing import Any, cast

import pytest
from pytest_django import Settings

from clouder.embedded.processes import free_port
from tests.parts.availability import require


class Mode(StrEnum):
    """What the server does with a mail."""

    ACCEPT = "accept"
    TEMPORARY = "451 after DATA"
    PERMANENT = "554 after DATA"
    REFUSE_SENDER = "530 at MAIL"
    GREYLIST = "450 at RCPT"
    REFUSE_RECIPIENT = "550 at RCPT"
    DROP = "takes the mail and hangs up without an answer"


@dataclass(frozen=True)
class Received:
    """One mail as it came in: its envelope and what was in it."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes

    def part(self, kind: str) -> str:
        """The text of the part "plain" or "html"."""
        body = self.message.get_body((kind,))
        assert body is not None
        content: str = body.get_content()
        return content


@dataclass
class SmtpServer:
    """The handler of aiosmtpd, and what a test asks it."""

    mode: Mode = Mode.ACCEPT
    refused: set[str] = field(default_factory=set)
    received: list[Received] = field(default_factory=list)
    port: int = 0
    has_utf8: bool = True

    @property
    def url(self) -> str:
        """The server as CLOUDER_EMAIL_URL names it."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def message_ids(self) -> list[str]:
        """The Message-ID of each mail that came in, in order."""
        return [str(mail.message["Message-ID"]) for mail in self.received]

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return responses if self.has_utf8 else [line for line in responses if "SMTPUTF8" not in line]

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.mode is Mode.REFUSE_SENDER:
            return "530 5.7.0 sign in first"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.mode is Mode.REFUSE_RECIPIENT or address in self.refused:
            return "550 5.1.1 nobody of that name"
        if self.mode is Mode.GREYLIST:
            return "450 4.2.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.mode is Mode.TEMPORARY:
            return "451 4.3.0 try again later"
        if self.mode is Mode.PERMANENT:
            return "554 5.6.0 not wanted"
        message = cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default))
        self.received.append(Received(envelope.mail_from, list(envelope.rcpt_tos), message, envelope.content))
        if self.mode is Mode.DROP:
            server.transport.abort()
        return "250 OK"


@pytest.fixture
def smtp_server(settings: Settings) -> Iterator[SmtpServer]:
    """A mail server on a free port, to which Django's mail goes for the length of the test."""
    require("smtp")
    from aiosmtpd.controller import Controller

    server = SmtpServer(port=free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    settings.EMAIL_BACKEND = "mailing.backends.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    try:
        yield server
    finally:
        controller.stop()
