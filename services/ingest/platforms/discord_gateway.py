"""Discord's gateway: the connection on which a server is listened to, and what is read when it was lost. Pure.

Forms: https://docs.discord.com/developers/events/gateway. Discord keeps a session for minutes after its connection
ended: it is resumed behind the last event that is durable, also by another process. Where it is gone, another one is
begun, and what happened meanwhile is asked for while the new one is listened to.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from services.ingest.platforms.asked import understood
from services.ingest.platforms.connection import Beat, Closed, Hear, Open, Say, Told
from services.ingest.platforms.discord_frames import (
    ACK,
    DISPATCH,
    FATAL,
    HEARTBEAT,
    HELLO,
    INVALID,
    LOST,
    QUERY,
    RECONNECT,
    Deleted,
    Frame,
    Gateway,
    Hello,
    Ready,
    Session,
    beat,
    opening,
)
from services.ingest.platforms.discord_happenings import Happening, facts_of
from services.ingest.platforms.discord_hearing import Hearing
from services.ingest.platforms.discord_history import Pages, known, missed
from services.ingest.platforms.discord_server import Server
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.gatherings import Gatherings
from services.ingest.platforms.polled import (
    Answer,
    Ask,
    Current,
    Found,
    Odd,
    PollSettings,
    Read,
    ReadSoFar,
    Round,
    Step,
)
from services.ingest.platforms.reading import NotUnderstoodError, decoded
from shared.contracts.names import digest

API: Final = "https://discord.com/api/v10"
GATEWAY: Final = "gateway"
_SERVER: Final = re.compile(r"https://(?:\w+\.)?discord\.com/channels/([0-9]{1,19})(?:/.*)?")
_GREETING_SECONDS: Final = 30.0
_MISSED_BEATS: Final = 1.5
_MOST_FACTS: Final = 500
_KEEP_EVERY: Final = timedelta(seconds=1)
"""So often at most the place in a session is kept: what is told again from there is absorbed."""

Talk = Generator[Step, Answer, bool]
"""Talks with the gateway; returns whether the session is lost."""


def read(settings: PollSettings, so_far: ReadSoFar, began: datetime) -> Round:
    """Listen until the connection ends. Where the session is no more, begin another, and ask for what was missed."""
    server = _SERVER.fullmatch(settings.site or "")
    if server is None:
        yield Odd(why="the server's address is none: give it as the browser shows it, https://discord.com/channels/…")
        return
    hearing = Hearing(
        server=Server(id=server[1], settings=settings),
        gatherings=Gatherings(so_far.marks),
        heard=began,
        until=so_far.until.get(GATEWAY),
    )
    try:
        if (mark := so_far.marks.get(GATEWAY)) is not None:
            session = decoded(mark.encode(), Session)
            line = _Line(hearing=hearing, session=session, newest=session.seq)
            if not (yield from line.hold(session.url)) or line.kept is not None:
                return
        hearing.until = None
        gateway = yield from understood("/gateway/bot", Ask(path="/gateway/bot"), Gateway)
        if gateway is None:
            return
        if gateway.session_start_limit.remaining < 1:
            minutes = gateway.session_start_limit.reset_after // 60_000 + 1
            yield Odd(why=f"no more sessions may be begun for {minutes} min: is the bot's token used elsewhere, too?")
            return
        line = _Line(hearing=hearing, gap=missed(hearing, so_far.floor(GATEWAY)))
        lost = yield from line.hold(gateway.url)
        while line.session is not None and line.goes_on and not lost:
            lost = yield from line.hold(line.session.url)
    except NotUnderstoodError as error:
        yield Odd(why=f"gateway: {error}")


@dataclass(slots=True, kw_only=True)
class _Line:
    """A connection, and the session on it. ``newest`` is the number of the last event that was heard.

    ``facts`` are not published yet. ``gap`` reads what nobody listened to: until it has, no place in the session is
    ``kept``, and the session is resumed from what was heard. ``went_back`` is that some of it was read since it was
    connected.
    """

    hearing: Hearing
    session: Session | None = None
    gap: Pages | None = None
    newest: int = 0
    kept: datetime | None = None
    went_back: bool = False
    facts: list[Fact] = field(default_factory=list)
    seconds: float = _GREETING_SECONDS

    @property
    def goes_on(self) -> bool:
        """Whether the gap is not closed, but becomes smaller by each connection."""
        return self.gap is not None and self.went_back

    def hold(self, url: str) -> Talk:
        """Connect, and listen until the connection ends: then all that was heard is durable."""
        self.went_back = False
        if self.session is not None:
            self.session = replace(self.session, seq=self.newest)
        closed = yield Open(url=url.rstrip("/") + "/" + QUERY)
        if isinstance(closed, Closed):
            yield Odd(why=f"gateway: {closed.why}")
            return True
        greeting = yield from self._awaited(HELLO)
        if not isinstance(greeting, Frame):
            return greeting
        self.seconds = decoded(bytes(greeting.d), Hello).heartbeat_interval / 1_000
        yield Beat(body=beat(self.session), seconds=self.seconds)
        yield opening(self.session)
        if self.session is None:
            began = yield from self._awaited(DISPATCH)
            if not isinstance(began, Frame):
                return began
            ready = decoded(bytes(began.d), Ready)
            self.newest = began.s or 0
            self.session = Session(id=ready.session_id, url=ready.resume_gateway_url, seq=self.newest)
            yield Beat(body=beat(self.session), seconds=self.seconds)
        if not (yield from known(self.hearing)):
            return False
        return (yield from self._listen(self.session))

    def _awaited(self, op: int) -> Generator[Step, Answer, Frame | bool]:
        """Return what is to be sent first, or whether the session is lost."""
        while True:
            heard = yield Hear(seconds=_GREETING_SECONDS)
            if isinstance(heard, Closed):
                return (yield from self._closed(heard))
            frame = decoded(heard.body, Frame) if isinstance(heard, Told) else None
            if frame is None or frame.op in {INVALID, RECONNECT}:
                yield Odd(why="gateway: it does not begin to tell, and is connected to again")
                return frame is not None and frame.op == INVALID
            if frame.op == op and isinstance(heard, Told):
                self.hearing.heard = heard.at
                return frame

    def _listen(self, session: Session) -> Talk:
        """Tell what happens, and in between what was missed, until the connection ends, or no beat is answered."""
        while True:
            busy = bool(self.facts) or self.gap is not None
            heard = yield Hear(seconds=0.0 if busy else self.seconds * _MISSED_BEATS)
            over: bool | None = None
            if isinstance(heard, Told):
                self.hearing.heard = heard.at
                try:
                    over = yield from self._told(decoded(heard.body, Frame), session, heard.at)
                except NotUnderstoodError as error:  # it would be told again whenever the session is resumed
                    yield Odd(why=f"gateway: {error}")
            elif isinstance(heard, Closed):
                over = yield from self._closed(heard)
            elif busy:
                yield from self._settle(at_once=False)
                yield from self._go_back()
            else:
                over = False
            if over is not None:
                yield from self._settle(at_once=True)
                return over

    def _told(self, frame: Frame, session: Session, at: datetime) -> Generator[Step, Answer, bool | None]:
        """Take what the gateway says; return whether the session is lost, None if the connection goes on."""
        if frame.op == DISPATCH:
            self.newest = frame.s or self.newest
            name, data = frame.t or "", bytes(frame.d)
            if name == "RESUMED":
                yield from self._caught_up()
            elif name == "GUILD_DELETE" and self._is_out(decoded(data, Deleted)):
                yield Odd(why="the bot was taken out of the server: invite it again")
                return False
            else:
                revision = digest(session.id, str(self.newest))
                yield from self._happened(Happening(name=name, data=data, at=at, revision=revision))
        elif frame.op == HEARTBEAT:
            yield Say(body=beat(self.session))
        elif frame.op == ACK:
            yield from self._caught_up()
        elif frame.op == RECONNECT:
            return False
        elif frame.op == INVALID:
            return not decoded(bytes(frame.d), bool)
        return None

    def _is_out(self, deleted: Deleted) -> bool:
        return deleted.id == self.hearing.server.id and not deleted.unavailable

    def _happened(self, happening: Happening) -> Generator[Step, Answer, None]:
        try:
            self.facts += yield from facts_of(happening, self.hearing)
        except NotUnderstoodError as error:
            yield Odd(why=f"{happening.name}: {error}")
        if len(self.facts) >= _MOST_FACTS:
            yield from self._settle(at_once=False)

    def _go_back(self) -> Generator[Step, Answer, None]:
        """Read some of what was missed."""
        answer: Answer = None
        while self.gap is not None:
            try:
                step = self.gap.send(answer)
            except StopIteration:
                self.gap = None
                yield from self._caught_up()
                return
            if step is None:
                self.went_back = True
                return
            answer = yield step

    def _caught_up(self) -> Generator[Step, Answer, None]:
        """All that happened until now was heard, if no gap is left."""
        if self.gap is not None:
            return
        yield from self._publish()
        yield from self._keep()
        yield Current()

    def _settle(self, *, at_once: bool) -> Generator[Step, Answer, None]:
        """Publish what was heard, and keep the place in the session if it is time to, or ``at_once``."""
        yield from self._publish()
        if self.gap is not None or self.session is None or self.newest == self.session.seq:
            return
        if at_once or self.kept is None or self.hearing.heard - self.kept >= _KEEP_EVERY:
            yield from self._keep()

    def _publish(self) -> Generator[Step, Answer, None]:
        if self.facts:
            yield Found(facts=tuple(self.facts))
            self.facts.clear()

    def _keep(self) -> Generator[Step, Answer, None]:
        """Keep the place of the last event that was heard: all before it is durable."""
        if self.session is None:
            return
        self.session, self.kept = replace(self.session, seq=self.newest), self.hearing.heard
        yield from self.hearing.gatherings.kept()
        yield Read(collection=GATEWAY, mark=msgspec.json.encode(self.session).decode(), until=self.hearing.until)
        yield Beat(body=beat(self.session), seconds=self.seconds)

    def _closed(self, closed: Closed) -> Talk:
        if (denied := FATAL.get(closed.code or 0)) is not None:
            yield denied
        lost = closed.code in LOST
        if self.kept is None and (lost or not self.goes_on):
            yield Odd(why=f"gateway: {closed.why}")
        return lost
