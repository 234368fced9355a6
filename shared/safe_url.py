"""Addresses that secrets and members' words may be sent to. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_encrypted_or_local(url: str) -> bool:
    """Tell whether what is sent to ``url`` goes over an encrypted connection, or stays on this machine."""
    try:
        host = urlsplit(url).hostname or ""
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    return url.startswith(("https://", "wss://")) or loopback
