"""A real mail server for tests."""

from __future__ import annotations

import socket
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller

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


class MailServer(Controller):
    """Receives mail once it is started; until then its port is nobody else's, and refuses."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        port: int = self._socket.getsockname()[1]
        super().__init__(mailbox, hostname="127.0.0.1", port=port, ready_timeout=60)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)

    def close(self) -> None:
        """Stop, if it was started."""
        if self._thread is not None:
            self.stop()
        self._socket.close()
