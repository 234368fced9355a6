"""The webhooks that are understood: for each platform how it signs, how it is read, and how it wants to be answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.ingest.platforms import (
    discord_events,
    discourse_events,
    generic,
    github_events,
    mastodon,
    mattermost,
    slack_events,
    tally,
    telegram,
    typeform,
    zulip,
)
from services.ingest.platforms.reading import Delivery, HookSettings, Reading, Reply
from services.ingest.signatures import hmac_sha256, shared_token
from services.ingest.signatures.ed25519 import ED25519
from services.ingest.signatures.signed import Scheme
from services.ingest.signatures.slack import SLACK
from services.ingest.signatures.standard_webhooks import STANDARD_WEBHOOKS

_NOTHING: Final = Reply(status=200)
_NO_CONTENT: Final = Reply(status=204)
_NO_RESPONSE: Final = Reply(status=200, body=b'{"response_not_required":true}', content_type="application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A platform's webhook.

    ``taken`` is answered to what was kept, so that the platform says nothing in the community. One that is ``silent``
    gets it whatever happens: it would put an error before its members. ``sample`` is a delivery to try a source with:
    its headers and its body. ``key_prefix`` begins a secret that is made here.
    """

    scheme: Scheme
    read: Callable[[Delivery, HookSettings], Reading]
    sample: tuple[dict[str, str], bytes]
    taken: Reply = _NOTHING
    silent: bool = False
    key_prefix: str = ""


FORMATS: Final[dict[str, Format]] = {
    "bearer": Format(
        scheme=shared_token.in_header("authorization", "Bearer "), read=generic.read, sample=generic.SAMPLE
    ),
    "discord": Format(scheme=ED25519, read=discord_events.read, sample=discord_events.SAMPLE, taken=_NO_CONTENT),
    "discourse": Format(
        scheme=hmac_sha256.hexadecimal("x-discourse-event-signature"),
        read=discourse_events.read,
        sample=discourse_events.SAMPLE,
    ),
    "github": Format(
        scheme=hmac_sha256.hexadecimal("x-hub-signature-256"), read=github_events.read, sample=github_events.SAMPLE
    ),
    "mastodon": Format(scheme=hmac_sha256.hexadecimal("x-hub-signature"), read=mastodon.read, sample=mastodon.SAMPLE),
    "mattermost": Format(scheme=shared_token.in_body(mattermost.token), read=mattermost.read, sample=mattermost.SAMPLE),
    "slack": Format(scheme=SLACK, read=slack_events.read, sample=slack_events.SAMPLE),
    "standard-webhooks": Format(
        scheme=STANDARD_WEBHOOKS, read=generic.read, sample=generic.SAMPLE, key_prefix="whsec_"
    ),
    "tally": Format(scheme=hmac_sha256.in_base64("tally-signature"), read=tally.read, sample=tally.SAMPLE),
    "telegram": Format(
        scheme=shared_token.in_header("x-telegram-bot-api-secret-token"), read=telegram.read, sample=telegram.SAMPLE
    ),
    "typeform": Format(
        scheme=hmac_sha256.in_base64("typeform-signature", "sha256="), read=typeform.read, sample=typeform.SAMPLE
    ),
    "zulip": Format(
        scheme=shared_token.in_body(zulip.token),
        read=zulip.read,
        sample=zulip.SAMPLE,
        taken=_NO_RESPONSE,
        silent=True,
    ),
}
