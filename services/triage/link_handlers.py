"""Who is one person, as people say or a rule finds: one touch for all their identities, and each its own again."""

from __future__ import annotations

from services.triage.linked import declined_of
from services.triage.member_facts import NoteLink
from services.triage.needs import withdrawn
from services.triage.needs_elsewhere import end_unwanted
from services.triage.situation import Situation
from services.triage.stream_ids import care_stream, identity
from shared.contracts.needs_touch import MemberRef, TouchReason
from shared.contracts.warmline_facts import MOST_LINKED, LinkTold, MemberLinked


def link(now: Situation) -> None:
    """From here on the two are one person, if that is not more identities than a person may have."""
    told: LinkTold = now.data
    member, other = _both(told)
    joined = {one.key for of in (member, other) for one in (of, *now.others(of))}
    if member != other and len(joined) <= MOST_LINKED:
        _note(now, member, other)
        declined = declined_of(now.work, now.of(member), now.stored)
        if declined is not None:
            end_unwanted(now, member, declined)
        _gather(now, member)


def unlink(now: Situation) -> None:
    """What one touch held of both goes back to the touch of each, unless others still link them."""
    member, other = _both(now.data)
    _note(now, member, other)
    for one in (member, other):
        _part(now, one)


def _both(told: LinkTold) -> tuple[MemberRef, MemberRef]:
    one, other = (identity(told.community, of.platform, of.id)[0] for of in (told.member, told.other))
    return one, other


def _note(now: Situation, member: MemberRef, other: MemberRef) -> None:
    linked = isinstance(now.data, MemberLinked)
    for one, another in ((member, other), (other, member)):
        now.decide(now.of(one), NoteLink(other=another, linked=linked, evidence=now.evidence))


def _gather(now: Situation, member: MemberRef) -> None:
    """Of the open touches about the person only the one that waits longest goes on, with the needs of all."""
    open_touches = sorted(
        (touch.since, touch.touch, touch.about)
        for one in (member, *now.others(member))
        if (touch := now.work.state(care_stream(now.event.community, one)).touch) is not None
    )
    for _, _, care in open_touches[1:]:
        _move(now, care, _needs_of(now, care), "goes on in the touch of an identity of the same person")


def _part(now: Situation, member: MemberRef) -> None:
    """What is of others than the person leaves the touches about them."""
    people = (member, *now.others(member))
    keys = {one.key for one in people}
    for one in people:
        care = care_stream(now.event.community, one)
        foreign = [need for need in _needs_of(now, care) if need.member.key not in keys]
        _move(now, care, foreign, "of an identity that is not linked any more")


def _needs_of(now: Situation, care: str) -> list[TouchReason]:
    """Return what the touch of that stream holds, as the streams hold it that found it."""
    pairs = now.work.state(care).pairs
    states = now.work.states([about for _, about in pairs])
    return [
        need for (reason, _), state in zip(pairs, states, strict=True) for need in state.needs if need.reason == reason
    ]


def _move(now: Situation, care: str, needs: list[TouchReason], cause: str) -> None:
    """Let ``needs`` go from one touch, and then join the open touch of each one's person, or raise it."""
    for need in needs:
        now.drop(care, withdrawn(need, now.stored, cause, (now.evidence,)))
    for need in needs:
        now.take(need, moved_at=now.stored)
