"""One attempt to deliver one event: a signed POST, whose answer is waited for no longer than is fair to the others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

import httpx
from standardwebhooks.webhooks import Webhook

from services.notifier.deliveries.event_form import CONTENT_TYPE
from services.notifier.deliveries.retrying import Answer
from shared.retry_after import asked_pause

_SECONDS: Final = 10.0
"""From the first byte to the answer's status, however slowly it drips."""


def delivery_client() -> httpx.AsyncClient:
    """Return the client of one integrator: it follows no redirect and asks no proxy of the environment."""
    return httpx.AsyncClient(
        timeout=_SECONDS, follow_redirects=False, trust_env=False, limits=httpx.Limits(max_connections=1)
    )


async def deliver(
    client: httpx.AsyncClient,
    url: str,
    secret: Webhook,
    event_id: str,
    body: bytes,
    *,
    traceparent: str | None = None,
) -> Answer:
    """Send one event, signed as https://www.standardwebhooks.com asks (v1: HMAC-SHA256); its id is the event's.

    With ``traceparent`` the integrator can go on with the trace. The answer's body is not read.
    """
    now = datetime.now(UTC)
    headers = {
        "content-type": CONTENT_TYPE,
        "user-agent": "Warmline",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": secret.sign(event_id, now, body.decode()),
    }
    if traceparent is not None:
        headers["traceparent"] = traceparent
    try:
        async with asyncio.timeout(_SECONDS), client.stream("POST", url, content=body, headers=headers) as response:
            pause = asked_pause(response.headers.get("retry-after"), now)
            return Answer(status=response.status_code, says=f"it answered {response.status_code}", pause=pause)
    except TimeoutError:
        return Answer(status=None, says=f"it did not answer within {_SECONDS:.0f} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(status=None, says=f"it could not be reached: {str(error) or type(error).__name__}")
