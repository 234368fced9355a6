"""Secrets at rest: sealed with a key that only holders of the administrator's token can derive."""

from __future__ import annotations

import hashlib

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox


class SealBrokenError(Exception):
    """What was sealed cannot be opened: the administrator's token is another one than when it was."""


class Seal:
    """Seals by XSalsa20-Poly1305, so that a copy of the database alone gives no secret away."""

    def __init__(self, administrator_token: str) -> None:
        self._box = SecretBox(
            hashlib.blake2b(administrator_token.encode(), digest_size=32, person=b"warmline-hooks").digest()
        )

    def close(self, secret: str) -> bytes:
        """Return ``secret`` sealed."""
        return bytes(self._box.encrypt(secret.encode()))

    def open(self, sealed: bytes) -> str:
        """Return what was sealed; raises SealBrokenError."""
        try:
            return self._box.decrypt(sealed).decode()
        except CryptoError:
            raise SealBrokenError(
                "its secret was kept under another administrator's token: give it again with warmline source "
                "rotate-secret"
            ) from None
