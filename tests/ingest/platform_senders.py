"""Platforms as they send webhooks: how each signs, what it takes as delivered, how it sends again, when it shuts off.

Slack: docs.slack.dev/apis/events-api (error handling). Discord: docs.discord.com/developers/events/webhook-events
(responding to events). Discourse: app/jobs/regular/emit_web_hook_event.rb of discourse/discourse. GitHub:
docs.github.com/en/webhooks (handling failed deliveries). Mastodon: app/workers/webhooks/delivery_worker.rb and
app/helpers/json_ld_helper.rb of mastodon/mastodon. Telegram: core.telegram.org/bots/api (setWebhook; making requests
when getting updates). Typeform: typeform.com/developers/webhooks. Tally: developers.tally.so (webhook events).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from nacl.signing import SigningKey

from tests.sources.test_discourse import POST
from tests.sources.test_github import ISSUE, REPOSITORY
from tests.sources.test_mastodon import STATUS
from tests.sources.test_slack_events import MESSAGE as SLACK_MESSAGE
from tests.sources.test_surveys import FIELDS, NPS
from tests.sources.test_telegram import MESSAGE as UPDATE_MESSAGE

SECRET: Final = "the-secret-of-the-webhook"
_DISCORD: Final = SigningKey(b"d" * 32)


def _succeeds(answer: httpx.Response) -> bool:
    return answer.is_success


def _is_silent(_answer: httpx.Response) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A platform. ``signed`` returns the headers of a request that is sent now, ``again`` those of a further try.

    ``delivered`` is whether it takes an answer as one, if that came within ``seconds``; ``silent`` whether nothing
    comes of it on the platform. After an answer in ``shuts_off`` it sends no more, or not that delivery.
    """

    payload: Mapping[str, Any]
    signed: Callable[[bytes, str], dict[str, str]]
    seconds: float
    secret: str = SECRET
    again: Mapping[str, str] = field(default_factory=dict)
    delivered: Callable[[httpx.Response], bool] = _succeeds
    silent: Callable[[httpx.Response], bool] = _is_silent
    shuts_off: frozenset[int] = frozenset()
    tries_again: bool = True

    @property
    def body(self) -> bytes:
        """What is sent, each time the same."""
        return json.dumps(self.payload).encode()


def _slack(body: bytes, secret: str) -> dict[str, str]:
    now = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": now, "x-slack-signature": f"v0={signature}"}


def _discord(body: bytes, secret: str) -> dict[str, str]:
    now = str(int(time.time()))
    signer = _DISCORD if secret == _DISCORD.verify_key.encode().hex() else SigningKey(b"x" * 32)
    return {
        "x-signature-timestamp": now,
        "x-signature-ed25519": signer.sign(now.encode() + body).signature.hex(),
    }


def _hex(header: str, **more: str) -> Callable[[bytes, str], dict[str, str]]:
    def signed(body: bytes, secret: str) -> dict[str, str]:
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return {header: f"sha256={signature}", **{name.replace("_", "-"): value for name, value in more.items()}}

    return signed


def _base64(header: str, prefix: str = "") -> Callable[[bytes, str], dict[str, str]]:
    def signed(body: bytes, secret: str) -> dict[str, str]:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        return {header: prefix + base64.b64encode(digest).decode()}

    return signed


def _makes_no_call(answer: httpx.Response) -> bool:
    """Telegram makes the call of its API that stands in an answer."""
    try:
        return "method" not in json.loads(answer.content)
    except ValueError:
        return True


def _without_content(answer: httpx.Response) -> bool:
    return answer.status_code == 204 and not answer.content


SENDERS: Final[dict[str, Sender]] = {
    "slack": Sender(
        payload={"type": "event_callback", "event_id": "Ev1", "event_time": 1795335300, "event": SLACK_MESSAGE},
        signed=_slack,
        seconds=3,
        again={"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"},
    ),
    "discord": Sender(
        payload={
            "version": 1,
            "application_id": "1234560123453231555",
            "type": 1,
            "event": {
                "type": "ENTITLEMENT_CREATE",
                "timestamp": "2024-10-18T18:41:21.109604",
                "data": {"id": "1234505980407808808", "sku_id": "123489045643835123", "user_id": "111178765189277770"},
            },
        },
        signed=_discord,
        seconds=3,
        secret=_DISCORD.verify_key.encode().hex(),
        delivered=_without_content,
    ),
    "discourse": Sender(
        payload={"post": POST},
        signed=_hex(
            "x-discourse-event-signature",
            x_discourse_event_type="post",
            x_discourse_event="post_created",
            x_discourse_event_id="1",
        ),
        seconds=20,
        again={"x-discourse-event-id": "2"},
        shuts_off=frozenset((404, 410)),
    ),
    "github": Sender(
        payload={"action": "opened", "issue": ISSUE, "repository": REPOSITORY},
        signed=_hex("x-hub-signature-256", x_github_event="issues", x_github_delivery="72d3162e"),
        seconds=10,
        tries_again=False,
    ),
    "mastodon": Sender(
        payload={"event": "status.created", "created_at": "2023-10-26T13:34:00.351Z", "object": STATUS},
        signed=_hex("x-hub-signature"),
        seconds=10,
        shuts_off=frozenset({501, *range(400, 500)} - {401, 408, 429}),
    ),
    "telegram": Sender(
        payload={"update_id": 10, "message": UPDATE_MESSAGE},
        signed=lambda _body, secret: {"x-telegram-bot-api-secret-token": secret},
        seconds=60,
        silent=_makes_no_call,
    ),
    "typeform": Sender(
        payload={
            "event_id": "LtWXD3crgy",
            "event_type": "form_response",
            "form_response": {
                "form_id": "lT4Z3j",
                "token": "a3a12ec67a1365927098a606107fac15",
                "submitted_at": "2018-01-18T18:17:02Z",
                "hidden": {"member": "u1"},
                "answers": [NPS],
            },
        },
        signed=_base64("typeform-signature", "sha256="),
        seconds=30,
        shuts_off=frozenset((404, 410)),
    ),
    "tally": Sender(
        payload={
            "eventId": "a4cb",
            "eventType": "FORM_RESPONSE",
            "createdAt": "2023-06-28T15:00:21.889Z",
            "data": {
                "responseId": "2wgx4n",
                "formId": "VwbNEw",
                "fields": [*FIELDS, {"key": "h", "label": "member", "type": "HIDDEN_FIELDS", "value": "u1"}],
            },
        },
        signed=_base64("tally-signature"),
        seconds=10,
    ),
}
