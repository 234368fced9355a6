"""What a notice says, and the channels it can go by."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final, Protocol

import aiosmtplib
import structlog

from services.notifier.notices.recipient import NoticeKind, Recipient
from services.notifier.smtp_settings import SmtpSettings
from shared.contracts.names import digest

log = structlog.get_logger()

_URGENCY_WORDS: Final = {"urgent": "now", "soon": "soon", "routine": "when you have a moment"}
_SUBJECTS: Final[dict[NoticeKind, str]] = {
    "assignment": "a touch waits for you",
    "reminder": "a touch still waits for you",
    "escalation": "nobody acts on a touch",
    "escalation-reminder": "still nobody acts on a touch",
}
_TIMEOUT_SECONDS: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Somebody is asked to look at a touch."""

    kind: NoticeKind = "assignment"
    touch: str
    revision: int
    urgency: str
    link: str

    @property
    def key(self) -> str:
        """Its identity: sent twice, it is the same notice."""
        return digest(self.touch, str(self.revision))

    @property
    def subject(self) -> str:
        """What it is about, in a few words."""
        return f"Warmline: {_SUBJECTS[self.kind]} ({self.urgency})"

    @property
    def text(self) -> str:
        """The notice in words."""
        when = _URGENCY_WORDS.get(self.urgency, self.urgency)
        words = {
            "assignment": f"Somebody needs a human touch, {when}.",
            "reminder": f"Somebody still needs a human touch, {when}. Please claim it, or give it back.",
            "escalation": "Nobody acts on a touch. Please see that somebody does.",
            "escalation-reminder": "Still nobody acts on a touch. Please see that somebody does.",
        }
        return f"{words[self.kind]}\n\n{self.link}\n"


class Channel(Protocol):
    """A way to reach people."""

    name: str

    def reaches(self, recipient: Recipient) -> bool:
        """Tell whether they have a verified target on this channel."""
        ...

    async def send(self, recipient: Recipient, notice: Notice) -> None:
        """Send; raises whatever says that it did not get through."""
        ...


class LogChannel:
    """Writes notices to the service's log: everybody is reached, for those who watch it."""

    name = "log"

    def reaches(self, _recipient: Recipient) -> bool:
        """Return True."""
        return True

    async def send(self, recipient: Recipient, notice: Notice) -> None:
        """Write one line."""
        what = {"kind": notice.kind, "touch": notice.touch, "urgency": notice.urgency, "link": notice.link}
        log.info("notice", responder=recipient.name, **what)


class SmtpChannel:
    """Sends notices by e-mail to verified addresses."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._domain = parseaddr(settings.sender)[1].rpartition("@")[2]

    def reaches(self, recipient: Recipient) -> bool:
        """Tell whether they have confirmed an address."""
        return recipient.email is not None

    async def send(self, recipient: Recipient, notice: Notice) -> None:
        """Send one e-mail; raises OSError, aiosmtplib.SMTPException, or ValueError for what no header can hold."""
        address = recipient.email or ""
        message = EmailMessage()
        message["From"] = self._settings.sender
        message["To"] = address
        message["Subject"] = notice.subject
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
