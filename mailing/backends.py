"""The mail backend of dev.py: every mail is printed and kept as a file that a mail program opens."""

import sys
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


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
