"""The secret itself, in a header or in the body: it proves who speaks, and nothing of what is said."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.ingest.signatures.signed import Scheme, Signed

_LARGEST_UNVERIFIED: Final = 512 * 1024
"""Bytes that are read of whoever writes, to find the secret in them: several times what a longest message takes."""


def in_header(header: str, prefix: str = "") -> Scheme:
    """Return the scheme of Telegram, and of a bearer's token: the secret after ``prefix``."""

    def verify(signed: Signed, secret: str) -> bool:
        return _equal(signed.headers[header], prefix + secret)

    def sign(body: bytes, secret: str, now: datetime) -> dict[str, str]:  # noqa: ARG001 -- nothing in it is signed
        return {header: prefix + secret}

    return Scheme(verify=verify, sign=sign)


def in_body(token: Callable[[bytes], str]) -> Scheme:
    """Return the scheme of Zulip and Mattermost: ``token`` finds the secret in the body."""

    def verify(signed: Signed, secret: str) -> bool:
        return len(signed.body) <= _LARGEST_UNVERIFIED and _equal(token(signed.body), secret)

    def with_secret(body: bytes, secret: str) -> bytes:
        return json.dumps({**json.loads(body), "token": secret}).encode()

    return Scheme(verify=verify, sign=lambda _body, _secret, _now: {}, with_secret=with_secret)


def _equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())
