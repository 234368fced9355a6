"""The webhooks that are understood: for each platform how it signs, how it is read, and how it wants to be answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.ingest.platforms import discourse, generic, github, slack_events
from services.ingest.platforms.reading import Delivery, HookSettings, Reading, Reply
from services.ingest.signatures import hmac_sha256, shared_token
from services.ingest.signatures.signed import Scheme
from services.ingest.signatures.slack import SLACK
from services.ingest.signatures.standard_webhooks import STANDARD_WEBHOOKS

_NOTHING: Final = Reply(status=200)


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
    "discourse": Format(
        scheme=hmac_sha256.hexadecimal("x-discourse-event-signature"), read=discourse.read, sample=discourse.SAMPLE
    ),
    "github": Format(scheme=hmac_sha256.hexadecimal("x-hub-signature-256"), read=github.read, sample=github.SAMPLE),
    "slack": Format(scheme=SLACK, read=slack_events.read, sample=slack_events.SAMPLE),
    "standard-webhooks": Format(
        scheme=STANDARD_WEBHOOKS, read=generic.read, sample=generic.SAMPLE, key_prefix="whsec_"
    ),
}
