"""How a platform is asked for what is new: as a generator that yields what to ask and what came of it. Pure.

It is sent the answers, so that it needs neither network nor clock; whoever drives it waits, retries and publishes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlsplit

from msgspec import Meta, Struct

from services.ingest.platforms.connection import ConnectionAnswer, ConnectionStep
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.reading import Time
from shared.contracts.names import Label, Url

OVERLAP: Final = timedelta(minutes=10)
"""So much of what was read is read again: platforms commit late, and clocks differ. Ids absorb what comes twice."""

GIVE_ANOTHER: Final = "Give it another: warmline source rotate-secret"


class PollSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a polled source is told of its platform; what is left out is as the platform's page says.

    ``site`` is the community's address, where the platform has not one for all; ``api`` is what requests begin with, if
    it is another than the platform's. Nothing from before ``since`` is taken; without it, nothing from before the
    source was added. A round begins ``every`` so many seconds, with at most ``per_minute`` requests a minute.
    ``private`` and ``public`` are places as HookSettings has them.
    """

    site: Url | None = None
    api: Url | None = None
    since: Time | None = None
    every: Annotated[int, Meta(ge=1, le=86_400)] | None = None
    per_minute: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    private: tuple[Label, ...] = ()
    public: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSoFar:
    """Until when each collection was read, and its mark if it has one; nothing from before ``first`` is taken.

    ``at_once`` is that somebody waits for the end of the round: nothing is waited for that may happen.
    """

    first: datetime
    at_once: bool = False
    until: Mapping[str, datetime] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    def floor(self, collection: str) -> datetime:
        """Return from when on a collection has to be read."""
        until = self.until.get(collection)
        return self.first if until is None else max(self.first, until - OVERLAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request that changes nothing: a GET, or a POST of ``body`` as JSON, or of ``form``.

    The platform may hold it for ``seconds``. What is sent back is what comes of it.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = field(default=None, repr=False)
    seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the platform answers; header names are in lower case. ``next_page`` is what ``Link`` names so."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    next_page: str | None = None

    @property
    def next_params(self) -> dict[str, str] | None:
        """The parameters of the next page; its address is not believed, lest the secret go there.

        None as well where that is no address.
        """
        if self.next_page is None:
            return None
        try:
            return dict(parse_qsl(urlsplit(self.next_page).query))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The platform answers that it will not: an HTTP status from 300 to 499 that concerns this request alone.

    304 is that nothing changed, where the request asked so.
    """

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The platform says that nothing more is to be had with the secret; ``mend`` is what the operator does then."""

    why: str
    mend: str = GIVE_ANOTHER


class DeniedError(Exception):
    """An answer says that the platform does not take the secret; the text says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Facts to publish before the reading goes on."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """Something was not understood or not to be had, and is passed over; ``why`` holds nothing of what was written."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A collection was read to its end: nothing more is to be found in it from before ``until``.

    Without it, that is the beginning of the round. ``mark`` is given to the next round: what the platform itself goes
    by, such as the version of a list.
    """

    collection: str
    mark: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """All collections were read up to now, and the round goes on, for the platform tells what happens."""


Step = Ask | ConnectionStep | Current | Denied | Found | Odd | Read
Answer = Answered | ConnectionAnswer | Refused
Round = Generator[Step, Answer, None]
ReadRound = Callable[[PollSettings, ReadSoFar, datetime], Round]
"""Read what is new since: the settings, what was read so far, and when the round began."""
