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
        """Read ``url``: ``nats://user:password@host:port``, then, with commas between, whole URLs or ``host:port``.

        The user and password of the first are those of every server that comes without.
        """
        first, *others = (server.strip() for server in url.split(","))
        scheme, _, rest = first.rpartition("://")
        credentials, at, _ = rest.rpartition("@")
        before = f"{scheme or 'nats'}://{credentials}{at}"
        servers = [first, *(other if "://" in other else before + other for other in others if other)]
        user = urlsplit(first).username
        # A user may subscribe to its own answers only, so their subject begins with its name.
        return cls(servers=servers, inbox_prefix=f"_INBOX_{user}" if user else "_INBOX")
