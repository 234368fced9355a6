"""What is known of one identity of a member, and how it follows from what happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal

from msgspec.structs import replace

from services.triage import needs, told
from services.triage.member_facts import (
    IdentityLinked,
    IdentityUnlinked,
    MemberActive,
    MemberAddressed,
    MemberDescribed,
    MemberGreeted,
    MemberLeft,
    MemberNamed,
    MemberReturned,
    MemberSeen,
    MemberSurveyed,
    MemberTagged,
    MemberTurnedTo,
    NewcomerSpoke,
    SurveyAnswer,
    WelcomePassed,
    WelcomePostponed,
)
from services.triage.needs import NEED_EVENTS, HoldsNeeds, NeedFound, NeedRaised
from services.triage.newcomer_facts import NewcomerBack, NewcomerKnownBy, NewcomerSeenAgain, NewcomerUnseen
from services.triage.occasions import (
    CHECK_IN,
    FADING,
    Occasion,
    OccasionArose,
    OccasionLookedAt,
    OccasionPostponed,
    Occasions,
)
from services.triage.rhythm import Days, day_of, with_day
from services.triage.told import TOLD_EVENTS, Told
from shared.contracts.needs_touch import Evidence, MemberRef

NOT_KNOWN_LONG: Final = "the community is not known for long"
"""Why a first post is passed that may be a newcomer's: a late report of the joining would tell."""

_SPOKE_IN_KEPT: Final = 16


class MemberState(HoldsNeeds, frozen=True, kw_only=True, gc=False):
    """What is known of one identity.

    ``welcome`` is awaited until it is done: looked at, or clear before; it is doubtful when it was passed only since
    nobody could tell a newcomer from somebody old, so that a late report of the joining takes it up again. Who is
    unseen was known by ``first_message`` alone, which was deleted, and is awaited when they are there again: ``back``.
    They were ``first_there`` unless ``first`` was only told of them. While they are ``gone`` no welcome is looked at.

    ``addressed`` is a peer's mention of them, and ``spoke_in`` are the first conversations in which they wrote, both
    while a welcome was awaited. ``returned_at`` is when they last joined or renewed.
    ``contact`` is when somebody of the team turned to them last. They were there on ``active_days``, last by
    ``last_active``, are missed at ``missed_at`` and checked in on at ``check_in_due``; each is None once it was looked
    at. ``missed`` is the day before the silence for which they were missed last. ``told`` is what the team told.

    ``links`` are the identities that were said to be the same person: all else is of this one alone.
    """

    member: MemberRef | None = None
    first: Evidence | None = None
    joined: bool = False
    roles: tuple[str, ...] = ()
    described_at: datetime | None = None
    tags: tuple[str, ...] = ()
    tagged_at: datetime | None = None
    bot: bool = False
    team: bool = False
    greeted: Evidence | None = None
    left: Evidence | None = None
    returned_at: datetime | None = None
    welcome_due: datetime | None = None
    welcome: Literal["awaited", "doubtful", "done", "unseen"] = "awaited"
    first_message: str | None = None
    first_there: bool = True
    seen_again: bool = False
    back: Evidence | None = None
    addressed: Evidence | None = None
    spoke_in: tuple[NewcomerSpoke, ...] = ()
    contact: Evidence | None = None
    active_days: Days = ()
    last_active: Evidence | None = None
    missed_at: datetime | None = None
    check_in_due: datetime | None = None
    missed: int | None = None
    surveyed: SurveyAnswer | None = None
    occasions: Occasions = Occasions()
    links: tuple[MemberRef, ...] = ()
    told: Told = Told()

    @property
    def since(self) -> datetime | None:
        """When they were first there."""
        return self.first.time if self.first is not None else None

    @property
    def platform(self) -> str:
        """Where the identity is known."""
        return self.member.platform if self.member is not None else ""

    @property
    def welcome_by(self) -> datetime | None:
        """By when they are to be welcomed; None where no welcome is awaited."""
        return self.welcome_due if self.welcome == "awaited" else None

    @property
    def sole_message(self) -> str | None:
        """The message by which alone a newcomer is known, while a welcome is awaited or asked for; None otherwise."""
        return self.first_message if self.may_be_unseen and not self.known_by_more else None

    @property
    def may_be_unseen(self) -> bool:
        """Whether it matters what a newcomer is known by."""
        asked = any(need.reason == "welcome" for need in self.needs)
        return not self.joined and (asked or self.welcome_by is not None)

    @property
    def known_by_more(self) -> bool:
        """Whether they did anything beside the one message."""
        return self.seen_again or (self.first is not None and self.first_there and self.first_message is None)

    @property
    def survey_score(self) -> int | None:
        """What they answered to a survey last."""
        return self.surveyed.score if self.surveyed is not None else None

    @property
    def gone(self) -> bool:
        """Whether the member left, and neither joined or renewed later nor was there on a later day."""
        left = self.left
        if left is None or (self.returned_at is not None and self.returned_at > left.time):
            return False
        return not (self.active_days and self.active_days[-1] > day_of(left.time))

    def gone_since(self, time: datetime) -> bool:
        """Tell whether the member left at that time or later, and is gone: who says something later is there."""
        return self.gone and self.left is not None and self.left.time >= time

    def is_known_as(self, time: datetime, *, bot: bool, team: bool) -> bool:
        """Tell whether a sign of life at ``time``, as a ``bot`` or of the ``team``, says nothing new of them."""
        first = self.first
        if first is None or first.time >= time or team != self.team or (bot and not self.bot):
            return False
        return not ((self.team or self.bot) and (self.needs or self.need))

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Those that the platform told last, and those that the team gave."""
        return (*self.tags, *(tag for tag in self.told.tags if tag not in self.tags))

    def occasion(self, name: str) -> Occasion | None:
        """Return what waits under that name; two of them are always of the last day on which the member was there."""
        due = self.missed_at if name == FADING else self.check_in_due if name == CHECK_IN else None
        if due is not None and self.last_active is not None:
            return Occasion(evidence=self.last_active, due=due)
        return self.occasions.waiting.get(name)


def earliest(spoke: Iterable[NewcomerSpoke]) -> tuple[NewcomerSpoke, ...]:
    """Return the first of them, no more than are kept, in their order."""
    return tuple(sorted(spoke, key=lambda one: (one.at, one.conversation))[:_SPOKE_IN_KEPT])


def named(member: MemberRef, state: MemberState) -> tuple[MemberNamed, ...]:
    """Return that the state's member is ``member``, where that is not known yet."""
    return (MemberNamed(member=member),) if state.member is None else ()


def evolve(state: MemberState, event: Any) -> MemberState:
    """Return the state after ``event``."""
    match event:
        case MemberSeen():
            again = (event.there and state.welcome == "unseen") or (event.joined and state.welcome == "doubtful")
            other = event.there and event.message != (state.first_message or event.message)
            return replace(
                state,
                member=event.member,
                first=event.evidence,
                joined=event.joined,
                welcome_due=event.welcome_due,
                welcome="awaited" if again else state.welcome,
                first_message=state.first_message or event.message,
                first_there=event.there,
                seen_again=state.known_by_more or other or (event.there and event.message is None),
            )
        case MemberDescribed():
            return replace(state, roles=event.roles, bot=event.bot, team=event.team, described_at=event.at)
        case MemberTagged():
            return replace(state, tags=event.tags, tagged_at=event.at)
        case MemberLeft():
            return replace(state, left=event.evidence)
        case MemberReturned():
            return replace(state, returned_at=event.evidence.time)
        case WelcomePassed():
            return replace(state, welcome="doubtful" if event.why == NOT_KNOWN_LONG else "done")
        case WelcomePostponed():
            return replace(state, welcome_due=event.due)
        case NewcomerKnownBy() | NewcomerSeenAgain() | NewcomerUnseen() | NewcomerBack():
            return _known_by(state, event)
        case NeedFound() | NeedRaised() if event.need.reason == "welcome":
            return replace(needs.evolve(state, event), welcome="done")
        case _ if isinstance(event, NEED_EVENTS):
            return needs.evolve(state, event)
        case _ if isinstance(event, TOLD_EVENTS):
            return replace(state, told=told.evolve(state.told, event))
        case _:
            return _evolve_presence(state, event)


def _evolve_presence(state: MemberState, event: Any) -> MemberState:
    match event:
        case MemberActive():
            return _after_a_day(state, event)
        case MemberNamed():
            return replace(state, member=event.member)
        case MemberGreeted():
            contact = event.evidence if state.contact is None else state.contact
            return replace(state, greeted=event.evidence, contact=contact, welcome="done")
        case MemberTurnedTo():
            return replace(state, contact=event.evidence)
        case MemberAddressed():
            return replace(state, addressed=event.evidence)
        case NewcomerSpoke():
            others = (one for one in state.spoke_in if one.conversation != event.conversation)
            return replace(state, spoke_in=earliest((*others, event)))
        case MemberSurveyed():
            return replace(state, surveyed=event.answer)
        case OccasionArose():
            return replace(state, occasions=state.occasions.arise(event.name, event.occasion))
        case OccasionPostponed() | OccasionLookedAt():
            return _after_a_look(state, event)
        case IdentityLinked():
            return replace(state, links=(*_others(state, event.other), event.other))
        case IdentityUnlinked():
            return replace(state, links=_others(state, event.other))
        case _:
            return state


def _known_by(state: MemberState, event: Any) -> MemberState:
    match event:
        case NewcomerKnownBy():
            return replace(state, first_message=event.message)
        case NewcomerSeenAgain():
            return replace(state, seen_again=True)
        case NewcomerUnseen():
            return replace(state, welcome="unseen")
        case NewcomerBack():
            more = state.seen_again or event.message != state.first_message
            return replace(state, welcome="awaited", seen_again=more, back=event.evidence)
        case _:
            return state


def _others(state: MemberState, other: MemberRef) -> tuple[MemberRef, ...]:
    return tuple(one for one in state.links if one.key != other.key)


def _after_a_day(state: MemberState, event: MemberActive) -> MemberState:
    known = state.last_active
    last = event.evidence if known is None or event.evidence.time > known.time else known
    looked_at = state.occasions.looked_at

    def unless_looked_at(name: str, due: datetime | None) -> datetime | None:
        return None if name in looked_at and last.time <= looked_at[name] else due

    return replace(
        state,
        active_days=with_day(state.active_days, day_of(event.evidence.time)),
        last_active=last,
        missed_at=unless_looked_at(FADING, event.missed_at),
        check_in_due=unless_looked_at(CHECK_IN, event.check_in_due),
    )


def _after_a_look(state: MemberState, event: OccasionPostponed | OccasionLookedAt) -> MemberState:
    name = event.name
    due = event.due if isinstance(event, OccasionPostponed) else None
    if name == FADING:
        state = replace(state, missed_at=due)
    elif name == CHECK_IN:
        state = replace(state, check_in_due=due)
    elif due is not None:
        return replace(state, occasions=state.occasions.postpone(name, due))
    if isinstance(event, OccasionPostponed):
        return state
    missed = day_of(event.of) if name == FADING and event.against is None else state.missed
    return replace(state, occasions=state.occasions.look_at(name, event.of), missed=missed)
