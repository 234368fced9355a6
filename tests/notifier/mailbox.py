"""A real mail server for tests."""

from __future__ import annotations

import socket
from contextlib import closing
from email import message_from_bytes
from email.message import Message
from typing import Any

from services.notifier.smtp_settings import SmtpSettings


class Mailbox:
    """Takes mail, or refuses it with ``answer``."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.recipients: list[str] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd calls it so
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content))
            self.recipients += envelope.rcpt_tos
        return self.answer

    @property
    def told(self) -> list[tuple[str, str]]:
        """Who was written to of what, in order."""
        subjects = [str(mail["Subject"]).removeprefix("Warmline: ") for mail in self.mails]
        return list(zip((each.partition("@")[0] for each in self.recipients), subjects, strict=True))


def settings(port: int) -> SmtpSettings:
    return SmtpSettings(host="127.0.0.1", port=port, sender="Warmline <warmline@example.org>", tls="none")


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
