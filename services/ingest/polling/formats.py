"""The platforms that can be polled: how each is asked, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.ingest.platforms import (
    circle,
    discord_gateway,
    discourse_posts,
    feed,
    github_deliveries,
    hivebrite,
    tchop,
    zulip_queue,
)
from services.ingest.platforms.polled import PollSettings, ReadRound
from services.ingest.polling.credentials import NOTHING, TOKEN, Credential, Grant, Secrets, as_password


def _without_slash(site: str) -> str:
    return site.rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledFormat:
    """A platform that is polled.

    ``api`` is where it is asked, and begins with ``{site}`` where each community has an address of its own, of which
    ``address`` makes what stands there. A source says as well which one is meant ``of_many`` at one address. ``api``,
    ``every`` (seconds) and ``per_minute`` hold where a source says nothing else. A platform that ``holds`` what it is
    asked until something happens is asked again no later, whatever interval the operator has for the others.
    """

    api: str
    read: ReadRound
    every: int
    per_minute: int
    credential: Credential = TOKEN
    address: Callable[[str], str] = _without_slash
    of_many: bool = False
    holds: bool = False

    @property
    def needs_site(self) -> bool:
        """Whether a source has to say where its community is."""
        return self.of_many or "{site}" in self.api


def seconds_between(form: PolledFormat, settings: PollSettings, usual: int | None) -> int:
    """Return the seconds from one round to the next; ``usual`` is the operator's own interval."""
    if settings.every is not None:
        return settings.every
    return min(form.every, usual or form.every) if form.holds else usual or form.every


def api_of(form: PolledFormat, settings: PollSettings) -> str:
    """Return where a source is asked."""
    return settings.api or form.api.format(site=form.address(settings.site or ""))


def _tchop(secrets: Secrets) -> dict[str, str]:
    return {
        "x-tchop-webapp-organisation": secrets["organisation"],
        "x-tchop-auth-token": secrets["auth-token"],
        "x-tchop-api-client-id": secrets["api-client-id"],
    }


def _discord(secrets: Secrets) -> dict[str, str]:
    return {"authorization": f"Bot {secrets['token']}", "user-agent": "DiscordBot (warmline, 1)"}


def _hivebrite(secrets: Secrets, refresh: str | None) -> dict[str, str]:
    client = {"client_id": secrets["client-id"], "client_secret": secrets["client-secret"]}
    if token := refresh or secrets.get("refresh-token"):
        return {"grant_type": "refresh_token", "refresh_token": token, **client}
    return {"grant_type": "client_credentials", "scope": "admin", **client}


POLLED: Final[dict[str, PolledFormat]] = {
    "circle": PolledFormat(
        api=circle.API,
        read=circle.read,
        every=3_600,
        per_minute=60,
    ),
    "discord-gateway": PolledFormat(
        api=discord_gateway.API,
        of_many=True,
        read=discord_gateway.read,
        every=5,
        holds=True,
        per_minute=240,
        credential=Credential(headers=_discord, refusals=frozenset((401,))),  # 403 is of one channel, or list
    ),
    "hivebrite": PolledFormat(
        api=hivebrite.API,
        read=hivebrite.read,
        every=600,
        per_minute=240,
        credential=Credential(
            names=("client-id", "client-secret", "refresh-token"),
            optional=frozenset(("refresh-token",)),
            grant=Grant(path=hivebrite.TOKEN_PATH, form=_hivebrite),
        ),
    ),
    "tchop": PolledFormat(
        api=tchop.API,
        read=tchop.read,
        every=600,
        per_minute=60,
        credential=Credential(names=("organisation", "auth-token", "api-client-id"), headers=_tchop),
    ),
    "discourse-posts": PolledFormat(
        api="{site}",
        read=discourse_posts.read,
        every=300,
        per_minute=60,
        credential=Credential(headers=lambda secrets: {"api-key": secrets["token"]}),
    ),
    "feed": PolledFormat(
        api="{site}",
        address=str,
        read=feed.read,
        every=1_800,
        per_minute=10,
        credential=NOTHING,
    ),
    "github-deliveries": PolledFormat(
        api="{site}",
        address=github_deliveries.api_of,
        read=github_deliveries.read,
        every=300,
        per_minute=60,
        credential=Credential(refusals=frozenset((401,))),  # 403 is as well a limit that tells nothing else of itself
    ),
    "zulip-events": PolledFormat(
        api="{site}/api/v1",
        read=zulip_queue.read,
        every=1,
        holds=True,
        per_minute=100,
        credential=Credential(names=("email", "key"), headers=lambda secrets: as_password(**secrets)),
    ),
}
