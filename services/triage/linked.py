"""Who is one person, by all links that hold now: a grouping at the moment of a decision, kept nowhere."""

from __future__ import annotations

from datetime import datetime

from services.triage.member_facts import Elsewhere
from services.triage.member_state import MemberState
from services.triage.person import elsewhere, together
from services.triage.stream_ids import community_of, member_stream
from shared.contracts.needs_touch import MemberRef
from shared.workspace import Workspace


def others_of(work: Workspace, stream: str) -> tuple[MemberRef, ...]:
    """Return the other identities of the person one of whom has that ``stream``, sorted; raises StateMissing."""
    state: MemberState = work.state(stream)
    if not state.links:
        return ()
    _, community, key = stream.split(":")
    found: dict[str, MemberRef] = {}
    left = list(state.links)
    while left:
        one = left.pop()
        if one.key != key and one.key not in found:
            found[one.key] = one
            left += work.state(member_stream(community, one.key)).links
    return tuple(found[known] for known in sorted(found))


def known_elsewhere(work: Workspace, stream: str) -> Elsewhere | None:
    """Return what the other identities of that person tell together; None where there are none."""
    community = community_of(stream)
    return elsewhere([work.state(member_stream(community, one.key)) for one in others_of(work, stream)])


def may_be_listed(work: Workspace, stream: str, at: datetime) -> bool:
    """Tell whether a list may name the identity: not where the person left, or asked not to be contacted."""
    member: MemberState = work.state(stream)
    if member.first is None or member.bot or member.team or declines_contact(work, stream, at):
        return False
    return not together(member, known_elsewhere(work, stream)).gone


def declines_contact(work: Workspace, stream: str, at: datetime) -> bool:
    """Tell whether the person one of whose identities has that ``stream`` asked not to be contacted, as any of them."""
    community = community_of(stream)
    streams = (stream, *(member_stream(community, one.key) for one in others_of(work, stream)))
    return any(one.told.declines_contact(at) for one in work.states(streams))
