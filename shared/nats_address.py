"""Where NATS is, as a service is told: one address, or one for each server of a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsAddress:
    """The servers to connect to, with their credentials; whichever answers will do."""

    servers: list[str] = field(repr=False)
    inbox_prefix: str

    @classmethod
    def of(cls, url: str) -> NatsAddress:
        """Read ``url``: ``nats://user:password@host:port``, several of them with commas between."""
        servers = [server.strip() for server in url.split(",") if server.strip()]
        user = urlsplit(servers[0]).username if servers else None
        # A user may subscribe to its own answers only, so their subject begins with its name.
        return cls(servers=servers, inbox_prefix=f"_INBOX_{user}" if user else "_INBOX")
