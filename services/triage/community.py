"""One community: the policy that holds in it, when it was heard of, and whether it is being imported."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.rhythm import HEARD_KEPT, Days, is_news, with_day
from shared.contracts.policy import Policy
from shared.decider import Deadline, Decider, Standing

IMPORT_LAPSE: Final = "import-lapse"
IMPORT_LAPSES_AFTER: Final = timedelta(hours=12)
"""An import that neither ends nor is taken up again for so long no longer holds back the community's deadlines."""

IMPORTING_LINE: Final = "importing"


class PolicyTaken(Struct, frozen=True, kw_only=True, gc=False):
    """From here on this policy holds."""

    community: str
    organisation: str
    version: str
    policy: Policy


class CommunityKnownSince(Struct, frozen=True, kw_only=True, gc=False):
    """The earliest event that is known of the community."""

    at: datetime


class PlatformHeard(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody did something on the platform on that day (see ``rhythm``), of which nobody was heard before."""

    platform: str
    day: int


class ImportOpened(Struct, frozen=True, kw_only=True, gc=False):
    """History comes in from here on. ``at`` is the time of storing."""

    import_id: str
    at: datetime


class ImportClosed(Struct, frozen=True, kw_only=True, gc=False):
    """The import is over, or has lapsed. ``at`` is the time of storing."""

    import_id: str
    lapsed: bool
    at: datetime


class TakePolicy(Struct, frozen=True, kw_only=True, gc=False):
    """A policy was adopted."""

    community: str
    organisation: str
    version: str
    policy: Policy


class NoteTime(Struct, frozen=True, kw_only=True, gc=False):
    """Something happened in the community."""

    at: datetime


class NoteDay(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody did something on the platform on that day."""

    platform: str
    day: int


class OpenImport(Struct, frozen=True, kw_only=True, gc=False):
    """An import began, or was taken up again."""

    import_id: str
    at: datetime


class CloseImport(Struct, frozen=True, kw_only=True, gc=False):
    """An import ended."""

    import_id: str
    at: datetime


class LapseImports(Struct, frozen=True, kw_only=True, gc=False):
    """Nothing was heard of the imports for too long."""

    at: datetime


class OpenedImport(Struct, frozen=True, kw_only=True, gc=False):
    """An import that has not ended."""

    import_id: str
    at: datetime


class CommunityState(Struct, frozen=True, kw_only=True, gc=False):
    """What triage must know of a community.

    ``heard`` are the newest days, by platform, on which anybody was heard of.
    """

    community: str = ""
    organisation: str = ""
    policy: Policy | None = None
    policy_version: str = ""
    known_since: datetime | None = None
    heard: dict[str, Days] = {}
    importing: tuple[OpenedImport, ...] = ()
    imported_at: datetime | None = None


def is_earlier(state: CommunityState, at: datetime) -> bool:
    """Tell whether nothing as early as ``at`` is known of the community."""
    return state.known_since is None or at < state.known_since


def is_day_news(state: CommunityState, platform: str, day: int) -> bool:
    """Tell whether being heard of on that day changes what is known of the platform."""
    return is_news(state.heard.get(platform, ()), day, HEARD_KEPT)


def decide(command: Any, state: CommunityState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case TakePolicy() if command.version != state.policy_version:
            return (
                PolicyTaken(
                    community=command.community,
                    organisation=command.organisation,
                    version=command.version,
                    policy=command.policy,
                ),
            )
        case NoteTime() if is_earlier(state, command.at):
            return (CommunityKnownSince(at=command.at),)
        case NoteDay() if is_day_news(state, command.platform, command.day):
            return (PlatformHeard(platform=command.platform, day=command.day),)
        case OpenImport():
            return (ImportOpened(import_id=command.import_id, at=command.at),)
        case CloseImport() if any(opened.import_id == command.import_id for opened in state.importing):
            return (ImportClosed(import_id=command.import_id, lapsed=False, at=command.at),)
        case LapseImports():
            return tuple(
                ImportClosed(import_id=opened.import_id, lapsed=True, at=command.at)
                for opened in state.importing
                if opened.at + IMPORT_LAPSES_AFTER <= command.at
            )
        case _:
            return ()


def evolve(state: CommunityState, event: Any) -> CommunityState:
    """Return the state after ``event``."""
    match event:
        case PolicyTaken():
            return replace(
                state,
                community=event.community,
                organisation=event.organisation,
                policy=event.policy,
                policy_version=event.version,
            )
        case CommunityKnownSince():
            return replace(state, known_since=event.at)
        case PlatformHeard():
            days = with_day(state.heard.get(event.platform, ()), event.day, HEARD_KEPT)
            return replace(state, heard={**state.heard, event.platform: days})
        case ImportOpened():
            return replace(
                state,
                importing=(
                    *_without(state, event.import_id),
                    OpenedImport(import_id=event.import_id, at=event.at),
                ),
            )
        case ImportClosed():
            return replace(state, importing=_without(state, event.import_id), imported_at=event.at)
        case _:
            return state


def _without(state: CommunityState, import_id: str) -> tuple[OpenedImport, ...]:
    return tuple(opened for opened in state.importing if opened.import_id != import_id)


def deadlines(state: CommunityState) -> tuple[Deadline, ...]:
    """An open import is looked at after a while, lest it hold back the community for ever."""
    if not state.importing:
        return ()
    return (Deadline(name=IMPORT_LAPSE, due=min(opened.at for opened in state.importing) + IMPORT_LAPSES_AFTER),)


def standing(state: CommunityState) -> Standing | None:
    """Communities that are being imported stand in a line, so that a new owner of the partition finds them."""
    return Standing(line=IMPORTING_LINE, rank=0.0) if state.importing else None


COMMUNITY: Final[Decider[CommunityState]] = Decider(
    category="community",
    initial=CommunityState(),
    decide=decide,
    evolve=evolve,
    events=(PolicyTaken, CommunityKnownSince, PlatformHeard, ImportOpened, ImportClosed),
    deadlines=deadlines,
    standing=standing,
)
