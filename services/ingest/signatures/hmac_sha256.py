"""HMAC-SHA256 of the raw body in one header: ``sha256=`` and hex as GitHub has it, or base64."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from services.ingest.signatures.signed import Scheme, Signed


def hexadecimal(header: str, prefix: str = "sha256=") -> Scheme:
    """Return the scheme of GitHub, Discourse and Mastodon: hex after ``prefix``."""
    return _scheme(header, lambda digest: prefix + digest.hex())


def in_base64(header: str, prefix: str = "") -> Scheme:
    """Return the scheme of Typeform (``sha256=``) and Tally (no prefix): base64."""
    return _scheme(header, lambda digest: prefix + base64.b64encode(digest).decode())


def _scheme(header: str, written: Callable[[bytes], str]) -> Scheme:
    def expected(body: bytes, secret: str) -> str:
        return written(hmac.digest(secret.encode(), body, hashlib.sha256))

    def verify(signed: Signed, secret: str) -> bool:
        return hmac.compare_digest(signed.headers[header], expected(signed.body, secret))

    def sign(body: bytes, secret: str, now: datetime) -> dict[str, str]:  # noqa: ARG001 -- nothing in it is timed
        return {header: expected(body, secret)}

    return Scheme(verify=verify, sign=sign)
