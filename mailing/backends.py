"""The mail backends: SMTP, and for dev.py one that prints every mail and keeps it as a file for a mail program."""

import smtplib
import sys
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import SMTPUTF8
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.utils.encoding import punycode


class SmtpBackend(EmailBackend):
    """SMTP to exactly the mailbox that was typed.

    Django's own rewrites a local part that is not ASCII, and reads one that looks like an encoded word: either way the
    mail goes to another mailbox. Here the one is sent as RFC 6531 says, or refused where the server cannot; the other
    is left alone.
    """

    def _send(self, email_message: EmailMessage) -> bool:
        assert self.connection is not None
        recipients = [_envelope(address) for address in email_message.recipients()]
        content = email_message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        options: list[str] = []
        if not all(address.isascii() for address in recipients):
            self.connection.ehlo_or_helo_if_needed()
            if not self.connection.has_extn("smtputf8"):
                raise smtplib.SMTPRecipientsRefused(dict.fromkeys(recipients, (553, b"the server has no SMTPUTF8")))
            options, content = ["SMTPUTF8"], _with_recipients(content, recipients)
        sender = sanitize_address(email_message.from_email, "utf-8")
        self.connection.sendmail(sender, recipients, content, mail_options=options)
        return True


def _envelope(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{punycode(domain)}"


def _with_recipients(content: bytes, recipients: Sequence[str]) -> bytes:
    """The same message with the addresses in its To as they are."""
    message = message_from_bytes(content, policy=SMTPUTF8)
    message.replace_header("To", ", ".join(recipients))
    return message.as_bytes()


class DevelopmentBackend(BaseEmailBackend):
    """Writes ``<Message-ID>.eml`` to the mail folder and prints the text part."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep and print the messages; returns how many."""
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = str(message.extra_headers.get("Message-ID", id(message))).strip("<>").partition("@")[0]
            (folder / f"{name}.eml").write_bytes(message.message().as_bytes())
            print(f"\n--- mail to {', '.join(message.to)}: {message.subject}\n{message.body}\n---", file=sys.stderr)  # noqa: T201
        return len(email_messages)
