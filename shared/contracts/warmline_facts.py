"""Warmline's own facts, which enter MEMBER_EVENTS as events of the platform ``warmline``.

Triage learns from nothing but MEMBER_EVENTS; these are how it hears of a policy, an import or a settled touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.contracts.names import Label, Name
from shared.contracts.policy import Identity, Policy
from shared.contracts.touch_facts import Outcome

PLATFORM: Final = "warmline"


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


WarmlineFact = PolicyAdopted | ImportBegan | ImportEnded | TouchSettled | ToneOptOut

WARMLINE_FACT_TYPES: Final[dict[str, type[WarmlineFact]]] = {
    "warmline.community.policy-adopted.v1": PolicyAdopted,
    "warmline.community.import-began.v1": ImportBegan,
    "warmline.community.import-ended.v1": ImportEnded,
    "warmline.community.touch-settled.v1": TouchSettled,
    "warmline.community.tone-opt-out.v1": ToneOptOut,
}
"""CloudEvents ``type`` to the form of ``data``."""
