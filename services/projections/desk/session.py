"""Sessions of the desk: a cookie that says who one is, signed with a key that comes from the administrator's token.

A new token ends every session; a restart ends none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

import msgspec

COOKIE: Final = "warmline_desk"
LIFETIME_SECONDS: Final = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who showed the administrator's token at ``issued`` (seconds since 1970).

    ``chosen`` is false until they have said who they are; without a responder they are just looking.
    """

    id: str
    issued: int
    chosen: bool = False
    organisation: str | None = None
    responder: str | None = None


class Sessions:
    """Seals sessions into cookies, opens them, and makes the tokens that protect forms."""

    def __init__(self, token: str) -> None:
        self._token = hashlib.sha256(token.encode()).digest()
        self._key = hmac.digest(token.encode(), b"warmline desk session 1", "sha256")

    def is_administrator(self, token: str) -> bool:
        """Whether ``token`` is the administrator's; takes the same time whatever it is."""
        return hmac.compare_digest(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest(), self._token)

    def new(self, now: float) -> Session:
        """Return the session of somebody who has just shown the token."""
        return Session(id=secrets.token_urlsafe(18), issued=int(now))

    def seal(self, session: Session) -> str:
        """Return the cookie's value."""
        body = base64.urlsafe_b64encode(msgspec.json.encode(session)).decode().rstrip("=")
        return f"{body}.{self._sign('cookie', body)}"

    def open(self, cookie: str | None, now: float) -> Session | None:
        """Return the session in ``cookie``, or None if it is not ours, was changed or is over."""
        body, _, signature = (cookie or "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("cookie", body).encode()):
            return None
        padded = body + "=" * (-len(body) % 4)
        session = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Session)
        return session if 0 <= now - session.issued < LIFETIME_SECONDS else None

    def form_token(self, session: Session) -> str:
        """Return what every form of this session must carry."""
        return self._sign("form", session.id)

    def form_holds(self, session: Session, token: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.form_token(session).encode())

    def _sign(self, purpose: str, text: str) -> str:
        signed = hmac.digest(self._key, f"{purpose}:{text}".encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")
