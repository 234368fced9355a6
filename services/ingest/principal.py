"""Who speaks: what a token stands for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """The administrator's token: speaks for every community, which each event must name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePrincipal:
    """A source: speaks for one connection to one platform of one community, and while ``paused`` for nobody."""

    community: str
    platform: str
    name: str
    paused: bool = False

    @property
    def source(self) -> str:
        """The CloudEvents ``source`` of the source's events."""
        return f"/{self.platform}/{self.name}"


Principal = Administrator | SourcePrincipal
