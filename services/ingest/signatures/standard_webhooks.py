"""Standard Webhooks (https://www.standardwebhooks.com): a base64 HMAC-SHA256 of ``<id>.<time>.<body>``, one or more."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Final

from standardwebhooks.webhooks import Webhook

from services.ingest.signatures.signed import Scheme, Signed, is_recent


def _verify(signed: Signed, secret: str) -> bool:
    named = signed.headers
    time = named["webhook-timestamp"]
    if not is_recent(time, signed.now):
        return False
    good = _signature(named["webhook-id"], datetime.fromtimestamp(int(time), UTC), signed.body, secret)
    # Compared as text: the library decodes what it is given, and takes more than one spelling of it.
    return any(hmac.compare_digest(good, each) for each in named["webhook-signature"].split(" "))


def _sign(body: bytes, secret: str, now: datetime) -> dict[str, str]:
    return {
        "webhook-id": "sample",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": _signature("sample", now, body, secret),
    }


def _signature(message: str, time: datetime, body: bytes, secret: str) -> str:
    return Webhook(secret).sign(message, time, body.decode())


def _check(secret: str) -> None:
    try:
        Webhook(secret)
    except Exception:  # noqa: BLE001 -- the library raises what base64 does, and its own
        raise ValueError("a secret is whsec_ and base64") from None


STANDARD_WEBHOOKS: Final = Scheme(verify=_verify, sign=_sign, check=_check)
