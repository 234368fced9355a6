"""What a stream found that somebody needs goes to the member's touch, and the end of a touch goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.triage.care import CARE, next_told
from services.triage.care_facts import CloseTouch, DropNeed, NoteSettled, ReasonRests, TakeNeed, TouchClosed
from services.triage.care_state import CareState, last_settled
from services.triage.community import CommunityState
from services.triage.contact import ContactDeclined, marked
from services.triage.importance import weighed
from services.triage.linked import declined_of, others_of
from services.triage.needs import CloseNeed, NeedFound, NeedGone, PassNeed, standing
from services.triage.policy_reading import PolicyReading
from services.triage.stream_ids import care_stream, community_of, community_stream, member_stream
from shared.contracts.needs_touch import TouchReason
from shared.contracts.policy import Policy
from shared.contracts.warmline_facts import TouchSettled
from shared.decider import category_of
from shared.workspace import Workspace

Read = Callable[[Policy, str], PolicyReading]


def decide_and_care(stream: str, command: Any, work: Workspace, read: Read) -> Sequence[Any]:
    """Let ``stream`` decide, hand on the needs that it found and those that are over, and return its events."""
    events = work.decide(stream, command)
    for event in events:
        if isinstance(event, NeedFound):
            take(event.need, work, read)
        elif isinstance(event, NeedGone):
            drop(_told_in(event, work), event, work, read)
    return events


def drop(care: str, gone: NeedGone, work: Workspace, read: Read) -> None:
    """Let a need go from the touch of the stream ``care``, and tell another in its place where one waits for that."""
    work.decide(care, DropNeed(gone=gone, instead=_instead(work.state(care), gone, work, read)))


def _told_in(gone: NeedGone, work: Workspace) -> str:
    """Return the care stream whose touch holds the need: the member's, or that of another identity of the person."""
    community = community_of(gone.about)
    own = care_stream(community, gone.member)
    if gone.earlier is not None or work.state(own).holds(gone.reason, gone.about):
        return own
    streams = (care_stream(community, one) for one in others_of(work, member_stream(community, gone.member.key)))
    return next((one for one in streams if work.state(one).holds(gone.reason, gone.about)), own)


def _instead(care: CareState, gone: NeedGone, work: Workspace, read: Read) -> TouchReason | None:
    """Return what is told in the place of a need that is over, as the stream holds it that found it."""
    counted = next_told(care, gone)
    stands = standing(work.state(counted.about)) if counted is not None else ()
    need = next((one for one in stands if one.reason == gone.reason), None)
    community: CommunityState = work.state(community_stream(community_of(gone.about)))
    if not isinstance(need, TouchReason) or community.policy is None:
        return None
    reading = read(community.policy, community.policy_version)
    return weighed(marked(need, _declined(need, work)), reading.weights_in(need.segment), 0)


def _declined(need: TouchReason, work: Workspace) -> ContactDeclined | None:
    return declined_of(work, member_stream(community_of(need.about), need.member.key), need.at)


def take(need: TouchReason, work: Workspace, read: Read, moved_at: datetime | None = None) -> None:
    """Let a need join the open touch about the person, or raise one; ``moved_at`` as in ``TakeNeed``."""
    community: CommunityState = work.state(community_stream(community_of(need.about)))
    if community.policy is None:
        raise RuntimeError(f"no policy was adopted for the community {community.community}, in which a need was found")
    reading = read(community.policy, community.policy_version)
    own = care_stream(community.community, need.member)
    found = others_of(work, member_stream(community.community, need.member.key))
    others = [care_stream(community.community, one) for one in found]
    stands = [one for one in (own, *others) if work.state(one).touch is not None]
    stream = next((one for one in stands if work.state(one).holds(need.reason, need.about)), next(iter(stands), own))
    settled = (last_settled(need.reason, work.state(one)) for one in (own, *others) if one != stream)
    command = TakeNeed(
        need=need,
        stream=stream,
        organisation=community.organisation,
        community=community.community,
        weights=reading.weights_in(need.segment),
        cool_down=reading.cool_down(need),
        settled=max((at for at in settled if at is not None), default=None),
        moved_at=moved_at,
        declined=_declined(need, work),
    )
    for event in work.decide(stream, command):
        if isinstance(event, ReasonRests):
            work.decide(event.about, PassNeed(reason=event.reason, why=event.why, at=event.at))


def close_touch(settled: TouchSettled, at: datetime, work: Workspace) -> None:
    """Close a settled touch, and each need that it was raised for where it was found."""
    if category_of(settled.about) != CARE.category:
        # An earlier build had raised it for one need alone, and named the stream that had found that.
        work.decide(settled.about, CloseNeed(touch=settled.touch, outcome=settled.outcome))
        return
    command = CloseTouch(
        stream=settled.about, touch=settled.touch, outcome=settled.outcome, need_revision=settled.need_revision, at=at
    )
    for event in work.decide(settled.about, command):
        if isinstance(event, TouchClosed):
            for one in event.reasons:
                if one.about is not None:
                    close = CloseNeed(touch=event.touch, outcome=event.outcome, reason=one.reason)
                    work.decide(one.about, close)
                if one.member is not None:
                    of_another = care_stream(settled.community, one.member)
                    work.decide(of_another, NoteSettled(reason=one.reason, at=event.at))
