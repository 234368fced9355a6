"""How soon a connection to PostgreSQL that died in silence is noticed, and one that can be made is made."""

from __future__ import annotations

from typing import Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_LIVENESS: Final[dict[str, str]] = {
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""libpq's parameters, without which a cut cable is noticed after hours."""


RECONNECT_SECONDS: Final = 2.0
"""How long a pool goes on with one attempt to connect, whose pauses double: the next asker begins anew, at once."""


def lively(postgres_url: str) -> dict[str, str]:
    """Return the connection parameters in ``postgres_url``, and where it is silent those that notice a dead line."""
    return _LIVENESS | {name: str(value) for name, value in conninfo_to_dict(postgres_url).items()}


def lively_conninfo(postgres_url: str) -> str:
    """Return ``lively`` parameters as one connection string."""
    return make_conninfo(**lively(postgres_url))
