"""What the policy in force says of one member: the segment and why, the rules that hold there, and what waits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.lagging_states import current_states
from infra.operator_error import OperatorError
from infra.running_servers import partitions_of
from services.triage.community import CommunityState
from services.triage.contact import ContactDeclined, strictest
from services.triage.conversation_state import UNANSWERED, ConversationState
from services.triage.member_state import MemberState
from services.triage.policy_reading import PolicyReading
from services.triage.service import triage_codec
from services.triage.stream_ids import community_stream, identity, member_stream
from shared.contracts.policy_rules import Rules
from shared.contracts.subjects import partition_of
from shared.event_store.codec import EventCodec
from shared.segments import SegmentLook

_COMMUNITIES: Final = SQL("SELECT state FROM {states} WHERE stream LIKE %s")
_STATE: Final = SQL("SELECT stream, version, state FROM {states} WHERE stream = %s")
_OF_MEMBER: Final = SQL("SELECT name, due FROM {deadlines} WHERE stream = %s")
# Conversations are not found by who opened them; among those that wait, the key narrows it down.
_QUESTIONS: Final = SQL(
    "SELECT stream, s.version, s.state, d.due FROM {deadlines} AS d JOIN {states} AS s USING (stream) "
    "WHERE d.community = %s AND d.name = %s AND (position(convert_to(%s, 'UTF8') IN s.state) > 0 OR EXISTS "
    "(SELECT FROM {log} AS e WHERE originator_id = stream AND originator_version > s.version "
    "AND position(convert_to(%s, 'UTF8') IN e.state) > 0))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that is looked at when ``due`` comes; of a question, in which conversation it was asked."""

    name: str
    due: datetime
    conversation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One identity of a member in one community, held against the policy in force there as of ``at``.

    ``rules`` are those of the member's segment, ``general`` those that hold for all; ``tone`` tells whether what is
    written there is read for its tone, without which some of them look at nothing. ``no_contact`` is there while the
    member asks not to be contacted; ``tags`` are those that the platform told, ``given_tags`` those of the team.
    """

    community: str
    platform: str
    member: str
    at: datetime
    timezone: str
    policy_version: str
    team: bool
    segment: str
    segments: tuple[SegmentLook, ...]
    rules: Rules
    general: Rules
    tone: bool
    no_contact: ContactDeclined | None
    tags: tuple[str, ...]
    given_tags: tuple[str, ...]
    waiting: tuple[Waiting, ...]


async def explain(
    connection: psycopg.AsyncConnection[Any], platform: str, member: str, community: str | None
) -> list[Explanation]:
    """Return what the policy says of a member in ``community``, or in each in which they are known.

    Raises OperatorError when they are known in none.
    """
    store = _TriageStore(connection=connection, partitions=await partitions_of(connection), codec=triage_codec())
    now: datetime = (await (await connection.execute("SELECT clock_timestamp()")).fetchall())[0][0]
    found = [
        one
        async for state in store.communities(community)
        if (one := await _explain(store, state, platform, member, now)) is not None
    ]
    if not found:
        where = f"in the community {community}" if community is not None else "in any community"
        raise OperatorError(
            f"No member {platform}:{member} is known {where}. Write the platform as sources name it and the id that "
            "the platform gives, as a member's page on the desk shows both."
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _TriageStore:
    connection: psycopg.AsyncConnection[Any]
    partitions: int
    codec: EventCodec

    async def communities(self, wanted: str | None) -> AsyncIterator[CommunityState]:
        """Yield those that have a policy, or the one that is wanted."""
        stream = "community:%" if wanted is None else community_stream(wanted)
        partitions = range(self.partitions) if wanted is None else (partition_of(wanted, self.partitions),)
        for partition in partitions:
            for (state,) in await self._rows(_COMMUNITIES, partition, stream):
                community: CommunityState = self.codec.decode_state("community:", bytes(state))
                if community.policy is not None:
                    yield community

    async def state(self, community: str, stream: str) -> Any:
        """Return the state of the stream, None where there is none."""
        partition = partition_of(community, self.partitions)
        return (await self._current(partition, await self._rows(_STATE, partition, stream))).get(stream)

    async def waiting(self, community: str, stream: str, key: str) -> AsyncIterator[Waiting]:
        """Yield the deadlines of the member, and of the questions that they asked."""
        partition = partition_of(community, self.partitions)
        for name, due in await self._rows(_OF_MEMBER, partition, stream):
            yield Waiting(name=name, due=due, conversation=None)
        rows = await self._rows(_QUESTIONS, partition, community, UNANSWERED, key, key)
        questions = await self._current(partition, [row[:3] for row in rows])
        for asked_in, _, _, due in rows:
            question: ConversationState = questions[asked_in]
            if question.opening is not None and question.opening.member.key == key:
                yield Waiting(name=UNANSWERED, due=due, conversation=question.conversation)

    async def _current(self, partition: int, stored: Sequence[Any]) -> dict[str, Any]:
        return await current_states(self.connection, self.codec, Identifier("triage", f"p{partition}_events"), stored)

    async def _rows(self, query: SQL, partition: int, *parameters: str) -> list[tuple[Any, ...]]:
        of_partition = query.format(
            states=Identifier("triage", f"p{partition}_states"),
            deadlines=Identifier("triage", f"p{partition}_deadlines"),
            log=Identifier("triage", f"p{partition}_events"),
        )
        return await (await self.connection.execute(of_partition, parameters)).fetchall()


async def _explain(
    store: _TriageStore, community: CommunityState, platform: str, member_id: str, now: datetime
) -> Explanation | None:
    ref, stream = identity(community.community, platform, member_id)
    member: MemberState | None = await store.state(community.community, stream)
    if member is None or community.policy is None:
        return None
    reading = PolicyReading(community.policy, community.policy_version)
    segment = reading.segments.of(member, now)
    waiting = [one async for one in store.waiting(community.community, stream, ref.key)]
    return Explanation(
        community=community.community,
        platform=platform,
        member=member_id,
        at=now,
        timezone=community.policy.hours.timezone,
        policy_version=community.policy_version,
        team=reading.is_team(platform, member_id, member.roles),
        segment=segment,
        segments=reading.segments.look(member, now),
        rules=reading.rules_in(segment),
        general=community.policy.rules,
        tone=reading.tone_in(community.community) is not None,
        tags=member.tags,
        given_tags=member.told.tags,
        no_contact=await _declined(store, community.community, stream, now),
        waiting=tuple(sorted(waiting, key=lambda one: (one.due, one.name))),
    )


async def _declined(store: _TriageStore, community: str, stream: str, now: datetime) -> ContactDeclined | None:
    """Return that the person asked not to be contacted, as whichever of their identities."""
    person: dict[str, MemberState] = {}
    left = [stream]
    while left:
        one = left.pop()
        if one in person:
            continue
        state: MemberState = await store.state(community, one) or MemberState()
        person[one] = state
        left += [member_stream(community, other.key) for other in state.links]
    told = (state.told.declined for state in person.values())
    return strictest(one for one in told if one is not None and one.holds(now))
