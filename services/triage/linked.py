"""Who is one person, by all links that hold now: a grouping at the moment of a decision, kept nowhere."""

from __future__ import annotations

from datetime import datetime

from services.triage.contact import ContactDeclined, strictest
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


def declined_of(work: Workspace, stream: str, at: datetime) -> ContactDeclined | None:
    """Return what the person asked for who is not to be contacted at that time, as whichever of their identities."""
    community = community_of(stream)
    streams = (stream, *(member_stream(community, one.key) for one in others_of(work, stream)))
    told = (one.told.declined for one in work.states(streams))
    return strictest(one for one in told if one is not None and one.holds(at))


def may_be_listed(work: Workspace, stream: str, at: datetime) -> bool:
    """Tell whether a list may name the identity: not where the person left, or asked not to be contacted."""
    member: MemberState = work.state(stream)
    if member.first is None or member.bot or member.team or declined_of(work, stream, at) is not None:
        return False
    return not together(member, known_elsewhere(work, stream)).gone
