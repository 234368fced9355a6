"""Warmline's own facts, which enter MEMBER_EVENTS as events of the platform ``warmline``.

Triage learns from nothing but MEMBER_EVENTS; these are how it hears of a policy, an import or a settled touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from shared.contracts.names import Label, Name, Note, Urgency
from shared.contracts.policy import Identity, Policy
from shared.contracts.touch_facts import Outcome

PLATFORM: Final = "warmline"

CareWay = Literal["call", "message", "meeting", "other"]
"""How somebody was cared for where no source reports it: by telephone, in writing, face to face, or otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAdopted:
    """From here on ``policy`` holds in the community; ``version`` is derived from the policy's content."""

    community: Name
    version: Label
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBegan:
    """History is being imported: facts are folded, and no deadline of the community fires until it ends."""

    community: Name
    import_id: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportEnded:
    """The import is over: each deadline of the community is looked at once."""

    community: Name
    import_id: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchSettled:
    """The need is met or was none; ``about`` is the triage stream that raised the touch.

    ``need_revision`` is the needs-touch that was known then: a reason of a later one is not settled.
    """

    community: Name
    touch: Label
    about: Label
    outcome: Outcome
    need_revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneOptOut:
    """From here on nothing that the member writes is read for its tone; or, when taken back, it is read again."""

    community: Name
    member: Identity
    opted_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamTold:
    """What a responder tells of a member; the fact's time is when it happened.

    What they write is for the team: it stands here and in the history, and nowhere else.
    """

    community: Name
    member: Identity
    responder: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchAsked(TeamTold):
    """Somebody needs a human, says ``responder``: ``why`` in their words."""

    why: Note
    urgency: Urgency
    conversation: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareLogged(TeamTold):
    """``responder`` cared for the member where no source reports it."""

    way: CareWay
    note: Note | None = None


WarmlineFact = PolicyAdopted | ImportBegan | ImportEnded | TouchSettled | ToneOptOut | TouchAsked | CareLogged

WARMLINE_FACT_TYPES: Final[dict[str, type[WarmlineFact]]] = {
    "warmline.community.policy-adopted.v1": PolicyAdopted,
    "warmline.community.import-began.v1": ImportBegan,
    "warmline.community.import-ended.v1": ImportEnded,
    "warmline.community.touch-settled.v1": TouchSettled,
    "warmline.community.tone-opt-out.v1": ToneOptOut,
    "warmline.community.touch-asked.v1": TouchAsked,
    "warmline.community.care-logged.v1": CareLogged,
}
"""CloudEvents ``type`` to the form of ``data``."""
