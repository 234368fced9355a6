"""What the administration works on, and what its routes ask of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from litestar.datastructures import State
from nats.aio.client import Client

from services.ingest.communities import Communities
from services.ingest.database import Database
from services.ingest.hooks import Hooks
from services.ingest.imports import Imports
from services.ingest.policies import Policies
from services.ingest.polling.polls import Polls
from services.ingest.problem import ProblemError
from services.ingest.sources import Sources
from services.ingest.tone_opt_outs import ToneOptOuts
from shared.contracts.warmline_facts import PLATFORM
from shared.publisher import DurablePublisher

NAME: Final = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminParts:
    """What the administration works on."""

    nc: Client
    database: Database
    publisher: DurablePublisher
    communities: Communities
    policies: Policies
    sources: Sources
    hooks: Hooks
    polls: Polls
    imports: Imports
    tone_opt_outs: ToneOptOuts


def parts_of(state: State) -> AdminParts:
    """Return what the application was made with."""
    parts: AdminParts = state["parts"]
    return parts


async def organisation_of(parts: AdminParts, community: str) -> str:
    """Return the organisation of a community that has been told of its policy; raises ProblemError for an unknown."""
    communities = await parts.communities.known()
    if not communities.is_announced(community):
        communities = await parts.communities.admit([community])
    organisation = communities.organisation_of(community)
    if organisation is None:
        raise ProblemError(
            422,
            f"the community {community!r} is not in a care policy: add it to its organisation's policy",
            field="community",
        )
    return organisation


def check_names(**names: str) -> None:
    """Raise ProblemError if one of ``names``, by field, is none."""
    for field, name in names.items():
        if NAME.fullmatch(name) is None:
            raise ProblemError(422, "must be 1 to 40 of the characters a-z, 0-9 and '-'", field=field)
        if field == "platform" and name == PLATFORM:
            raise ProblemError(422, f"the platform {PLATFORM!r} is kept for Warmline's own facts", field=field)
