"""What a notice says, and the channels it can go by."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final, Protocol

import aiosmtplib
import structlog

from services.notifier.smtp_settings import SmtpSettings
from shared.contracts.names import digest
from shared.contracts.policy import Responder

log = structlog.get_logger()

_URGENCY_WORDS: Final = {"urgent": "now", "soon": "soon", "routine": "when you have a moment"}
_TIMEOUT_SECONDS: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Somebody is asked to look at a touch."""

    touch: str
    revision: int
    urgency: str
    link: str

    @property
    def key(self) -> str:
        """Its identity: sent twice, it is the same notice."""
        return digest(self.touch, str(self.revision))

    @property
    def text(self) -> str:
        """The notice in words."""
        when = _URGENCY_WORDS.get(self.urgency, self.urgency)
        return f"Somebody needs a human touch, {when}.\n\n{self.link}\n"


class Channel(Protocol):
    """A way to reach a responder."""

    name: str

    def reaches(self, responder: Responder) -> bool:
        """Tell whether the responder has a verified target on this channel."""
        ...

    async def send(self, responder: Responder, notice: Notice) -> None:
        """Send; raises whatever says that it did not get through."""
        ...


class LogChannel:
    """Writes notices to the service's log: every responder is reached, for those who watch it."""

    name = "log"

    def reaches(self, _responder: Responder) -> bool:
        """Return True."""
        return True

    async def send(self, responder: Responder, notice: Notice) -> None:
        """Write one line."""
        log.info("notice", responder=responder.name, touch=notice.touch, urgency=notice.urgency, link=notice.link)


class SmtpChannel:
    """Sends notices by e-mail to verified addresses."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._domain = parseaddr(settings.sender)[1].rpartition("@")[2]

    def reaches(self, responder: Responder) -> bool:
        """Tell whether the responder has confirmed an address."""
        return responder.email is not None and responder.email_verified

    async def send(self, responder: Responder, notice: Notice) -> None:
        """Send one e-mail; raises OSError, aiosmtplib.SMTPException, or ValueError for what no header can hold."""
        address = responder.email or ""
        message = EmailMessage()
        message["From"] = self._settings.sender
        message["To"] = address
        message["Subject"] = f"Warmline: a touch waits for you ({notice.urgency})"
        message["Message-ID"] = f"<{notice.key}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.text)
        await aiosmtplib.send(
            message,
            recipients=[address],
            hostname=self._settings.host,
            port=self._settings.port,
            username=self._settings.user,
            password=self._settings.password,
            use_tls=self._settings.tls == "implicit",
            start_tls=True if self._settings.tls == "starttls" else False if self._settings.tls == "none" else None,
            timeout=_TIMEOUT_SECONDS,
        )
