"""A connection to a Discord that is none of the network's: what is said on it is answered at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.ingest.platforms.connection import Beat, Closed, ConnectionAnswer, ConnectionStep, Hear, Open, Say, Told
from services.ingest.platforms.discord_gateway import read
from services.ingest.platforms.polled import PollSettings
from tests.polling.discord_server import SITE, Discord, Gateway
from tests.polling.reading import RoundMade, make_round

Moment = Callable[[], object]


class Line:
    """A connection on which a moment passes whenever it is quiet; when none is left, it is closed."""

    def __init__(self, discord: Discord, moments: tuple[Moment, ...]) -> None:
        self.discord = discord
        self.moments = list(moments)
        self.gateway: Gateway | None = None
        self.waiting: list[Any] = []
        self.opened: list[str] = []
        self.said: list[Any] = []
        self.beat: Beat | None = None
        self.waited: list[float] = []

    def do(self, step: ConnectionStep) -> ConnectionAnswer:
        match step:
            case Open(url=url):
                self.opened.append(url)
                self.waiting.clear()
                self.gateway = self.discord.connected(self.waiting.append)
            case Say():
                self._say(step)
            case Beat():
                self.beat = step
            case Hear(seconds=seconds):
                return self._heard(seconds)
        return None

    def beats(self) -> None:
        """A beat is due."""
        assert self.beat is not None
        self._say(Say(body=self.beat.body))

    def _say(self, say: Say) -> None:
        assert self.gateway is not None
        self.said.append(say)
        self.gateway.said(json.loads(json.dumps(say.body)))

    def _heard(self, seconds: float) -> ConnectionAnswer:
        if not self.waiting and seconds:
            self.waited.append(seconds)
            if not self.moments:
                return Closed(why="the connection is closed", code=1006)
            self.moments.pop(0)()
        if not self.waiting:
            return None
        found = self.waiting.pop(0)
        if isinstance(found, int):
            return Closed(why=f"the connection is closed ({found})", code=found)
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        return Told(body=body, at=datetime.now(UTC))


def listen(
    discord: Discord,
    *moments: Moment,
    private: tuple[str, ...] = (),
    public: tuple[str, ...] = (),
    site: str = SITE,
    line: Line | None = None,
    **more: Any,
) -> RoundMade:
    line = line or Line(discord, moments)
    settings = PollSettings(site=site, private=private, public=public)
    return make_round(read, discord.answer, settings, connection=line.do, **more)
