"""Whether the database knows every policy that MEMBER_EVENTS tells of: else it is of an earlier moment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Final

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.ingest.database import Database
from services.ingest.relearning import adoption_of
from shared.contracts.cloudevents import UnknownTypeError, decode_member_event
from shared.contracts.subjects import MEMBER_EVENTS
from shared.event_store.errors import MEND, SkewError
from shared.publisher import PublishUnavailableError

_ADOPTIONS: Final = "p.*.member.*.warmline.policy-adopted"
_AT_ONCE: Final = 16
_ANSWER_SECONDS: Final = 5.0
_AGAIN_SECONDS: Final = 2.0


class PolicySkew:
    """Looks once after the start, and again for as long as something is forgotten: nothing is lost while it runs."""

    def __init__(self, nc: Client, database: Database) -> None:
        self._nc = nc
        self._database = database
        self._looking = asyncio.Lock()
        self._none = False
        self._found: SkewError | None = None
        self._look_again_at = 0.0

    async def refuse(self) -> None:
        """Raise SkewError when a policy was adopted of which the database knows nothing.

        With the older one in force, communities would be told of it anew, and a next adoption would bear a number that
        another has. Raises DatabaseUnavailableError or PublishUnavailableError when that cannot be told.
        """
        if not self._none:
            async with self._looking:
                await self._look()

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._none and now >= self._look_again_at:
            self._found = _skew(await self._told(), await self._known())
            self._none = self._found is None
            self._look_again_at = now + _AGAIN_SECONDS
        if self._found is not None:
            raise self._found

    async def _told(self) -> dict[str, int]:
        """Return the newest adoption of each organisation that some community was told of last."""
        told: dict[str, int] = {}
        try:
            subjects = await self._subjects()
            for first in range(0, len(subjects), _AT_ONCE):
                last = (self._last(subject) for subject in subjects[first : first + _AT_ONCE])
                for answer in await asyncio.gather(*last):
                    for organisation, adoption in _adoption(answer):
                        told[organisation] = max(adoption, told.get(organisation, 0))
        except (nats.errors.Error, TimeoutError) as error:
            raise PublishUnavailableError(f"{MEMBER_EVENTS} does not answer") from error
        return told

    async def _subjects(self) -> list[str]:
        request = json.dumps({"subjects_filter": _ADOPTIONS}).encode()
        subject = f"$JS.API.STREAM.INFO.{MEMBER_EVENTS}"
        answer = json.loads((await self._nc.request(subject, request, timeout=_ANSWER_SECONDS)).data)
        return list(answer.get("state", {}).get("subjects") or {})

    async def _last(self, subject: str) -> Msg:
        # By a subject of its own: ingest may read policies, and nothing that members have said.
        return await self._nc.request(f"$JS.API.DIRECT.GET.{MEMBER_EVENTS}.{subject}", timeout=_ANSWER_SECONDS)

    async def _known(self) -> dict[str, int]:
        async with self._database.transaction() as connection:
            cursor = await connection.execute("SELECT organisation, adoption FROM ingest.policies_in_force")
            return {row["organisation"]: row["adoption"] for row in await cursor.fetchall()}


def _adoption(answer: Msg) -> list[tuple[str, int]]:
    try:
        event = decode_member_event(answer.data)
    except (UnknownTypeError, msgspec.DecodeError):  # deleted meanwhile, or not of this build
        return []
    number = adoption_of(event)
    return [] if number is None else [(event.organisation, number)]


def _skew(told: Mapping[str, int], known: Mapping[str, int]) -> SkewError | None:
    for organisation, adoption in sorted(told.items()):
        if adoption > known.get(organisation, 0):
            return SkewError(
                f"{MEMBER_EVENTS} tells of adoption {adoption} of the policy of {organisation}, but this database "
                f"knows {known.get(organisation, 0)}: the database is of an earlier moment than the streams. {MEND}"
            )
    return None
