"""The platforms that can be polled: how each is asked, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.ingest.platforms import circle, tchop
from services.ingest.platforms.polled import PollSettings, ReadRound
from services.ingest.polling.credentials import TOKEN, Credential, Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledFormat:
    """A platform that is polled.

    ``api`` is where it is asked, and begins with ``{site}`` where each community has an address of its own. It,
    ``every`` (seconds) and ``per_minute`` hold where a source says nothing else.
    """

    api: str
    read: ReadRound
    every: int
    per_minute: int
    credential: Credential = TOKEN

    @property
    def needs_site(self) -> bool:
        """Whether a source has to say where its community is."""
        return "{site}" in self.api


def api_of(form: PolledFormat, settings: PollSettings) -> str:
    """Return where a source is asked."""
    return settings.api or form.api.format(site=(settings.site or "").rstrip("/"))


def _tchop(secrets: Secrets) -> dict[str, str]:
    return {
        "x-tchop-webapp-organisation": secrets["organisation"],
        "x-tchop-auth-token": secrets["auth-token"],
        "x-tchop-api-client-id": secrets["api-client-id"],
    }


POLLED: Final[dict[str, PolledFormat]] = {
    "circle": PolledFormat(
        api=circle.API,
        read=circle.read,
        every=3_600,
        per_minute=60,
    ),
    "tchop": PolledFormat(
        api=tchop.API,
        read=tchop.read,
        every=600,
        per_minute=60,
        credential=Credential(names=("organisation", "auth-token", "api-client-id"), headers=_tchop),
    ),
}
