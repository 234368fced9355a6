"""Keys derived from names are stored: how they are made must never change."""

from __future__ import annotations

import base64
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.names import digest


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_a_digest_is_the_base32_of_16_bytes_of_blake2b(parts):
    hashed = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()
    assert digest(*parts) == base64.b32encode(hashed).decode().rstrip("=").lower()
