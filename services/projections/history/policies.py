"""The policy in force in each community, and the guidance of every policy that ever was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg

from services.projections.history.rows import as_json, columns
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.warmline_facts import PolicyAdopted
from shared.delivery import Delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class _CommunityRow:
    """The policy adopted in a community, without what nobody reads here (addresses, hours, limits)."""

    community: str
    organisation: str
    policy_version: str
    policy_seq: int
    adopted_at: datetime
    responders: str
    history_months: int | None
    linking: str
    segments: str
    scores_kept_days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlaybooksRow:
    """The guidance of one policy. A version stands for a policy's content, so it never changes."""

    community: str
    policy_version: str
    by_reason: str


_UPSERT_COMMUNITIES: Final = """
INSERT INTO communities AS c (community, organisation, policy_version, policy_seq, adopted_at, responders,
                              history_months, linking, segments, scores_kept_days)
SELECT community, organisation, policy_version, policy_seq, adopted_at, responders::jsonb, history_months,
       linking::jsonb, segments::jsonb, scores_kept_days
FROM unnest(%(community)b::text[], %(organisation)b::text[], %(policy_version)b::text[], %(policy_seq)b::int8[],
            %(adopted_at)b::timestamptz[], %(responders)b::text[], %(history_months)b::int8[], %(linking)b::text[],
            %(segments)b::text[], %(scores_kept_days)b::float8[])
  AS a(community, organisation, policy_version, policy_seq, adopted_at, responders, history_months, linking, segments,
       scores_kept_days)
ON CONFLICT (community) DO UPDATE SET
    organisation = excluded.organisation,
    policy_version = excluded.policy_version,
    policy_seq = excluded.policy_seq,
    adopted_at = excluded.adopted_at,
    responders = excluded.responders,
    history_months = excluded.history_months,
    linking = excluded.linking,
    segments = excluded.segments,
    scores_kept_days = excluded.scores_kept_days
WHERE excluded.policy_seq > c.policy_seq
"""
_INSERT_PLAYBOOKS: Final = """
INSERT INTO playbooks
SELECT community, policy_version, by_reason::jsonb
FROM unnest(%(community)b::text[], %(policy_version)b::text[], %(by_reason)b::text[])
  AS a(community, policy_version, by_reason)
ON CONFLICT DO NOTHING
"""


async def fold_policies(connection: psycopg.AsyncConnection[Any], adoptions: Sequence[Delivered]) -> None:
    """Take in facts of the form PolicyAdopted: of a community the one with the highest sequence holds."""
    policies: dict[str, _CommunityRow] = {}
    for message in adoptions:
        policy = _community_row(message.event, message.event.data, message.seq)
        known = policies.get(policy.community)
        if known is None or known.policy_seq < policy.policy_seq:
            policies[policy.community] = policy
    playbooks = [_playbooks_row(message.event.data) for message in adoptions]
    await connection.execute(_UPSERT_COMMUNITIES, columns(list(policies.values()), _CommunityRow))
    await connection.execute(_INSERT_PLAYBOOKS, columns(playbooks, _PlaybooksRow))


def _community_row(event: MemberEvent, adopted: PolicyAdopted, seq: int) -> _CommunityRow:
    policy = adopted.policy
    contact = policy.escalation.emergency_contact
    responders = [
        {
            "name": responder.name,
            "display_name": responder.display_name,
            "communities": responder.communities,
            "identities": responder.identities,
            **({"emergency": True} if contact is not None and responder.name == contact.responder else {}),
        }
        for responder in policy.responders
    ]
    return _CommunityRow(
        community=adopted.community,
        organisation=policy.organisation,
        policy_version=adopted.version,
        policy_seq=seq,
        adopted_at=event.time,
        responders=as_json(responders),
        history_months=policy.retention.months_of(adopted.community),
        linking=as_json({**msgspec.to_builtins(policy.linking), "team": policy.team.members}),
        segments=as_json(policy.segments),
        scores_kept_days=policy.tone.scores_kept_days,
    )


def _playbooks_row(adopted: PolicyAdopted) -> _PlaybooksRow:
    return _PlaybooksRow(
        community=adopted.community, policy_version=adopted.version, by_reason=as_json(adopted.policy.playbooks)
    )
