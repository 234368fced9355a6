"""Ed25519 over time and raw body, as Discord signs: its "secret" is the application's public key, in hex."""

from __future__ import annotations

from typing import Final

from nacl.signing import VerifyKey

from services.ingest.signatures.signed import Scheme, Signed, is_recent


def _verify(signed: Signed, secret: str) -> bool:
    time = signed.headers["x-signature-timestamp"]
    signature = bytes.fromhex(signed.headers["x-signature-ed25519"])
    VerifyKey(bytes.fromhex(secret)).verify(time.encode() + signed.body, signature)
    return is_recent(time, signed.now)


def _check(secret: str) -> None:
    try:
        VerifyKey(bytes.fromhex(secret))
    except Exception:  # noqa: BLE001 -- the library's own errors are no ValueErrors
        raise ValueError("a public key has 64 hexadecimal digits") from None


ED25519: Final = Scheme(verify=_verify, sign=None, check=_check)
