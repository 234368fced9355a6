"""Slack: ``v0=`` and the hex HMAC-SHA256 of ``v0:<time>:<body>``."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Final

from services.ingest.signatures.signed import Scheme, Signed, is_recent

_SIGNATURE: Final = "x-slack-signature"
_TIME: Final = "x-slack-request-timestamp"


def _verify(signed: Signed, secret: str) -> bool:
    time = signed.headers[_TIME]
    good = hmac.compare_digest(signed.headers[_SIGNATURE], _expected(signed.body, secret, time))
    return good and is_recent(time, signed.now)


def _sign(body: bytes, secret: str, now: datetime) -> dict[str, str]:
    time = str(int(now.timestamp()))
    return {_TIME: time, _SIGNATURE: _expected(body, secret, time)}


def _expected(body: bytes, secret: str, time: str) -> str:
    return "v0=" + hmac.digest(secret.encode(), f"v0:{time}:".encode() + body, hashlib.sha256).hex()


SLACK: Final = Scheme(verify=_verify, sign=_sign)
