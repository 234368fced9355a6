"""From raw events to the stream: validation, quotas, the durable publication, and who is told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from services.ingest.address_links import address_links, carrying
from services.ingest.communities import Communities
from services.ingest.community_map import CommunityMap
from services.ingest.envelope import RawEvent
from services.ingest.message import message_of
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.told_address import keyed
from services.ingest.principal import Principal, SourcePrincipal
from services.ingest.problem import over_quota, paused, unavailable
from services.ingest.quotas import OverQuota, Quotas
from services.ingest.refusal import Refusal
from services.ingest.source_activity import SourceActivity
from services.ingest.validation import ValidEvent, validate, validate_fact
from shared.contracts.subjects import kind_of
from shared.crash_points import crash_point
from shared.publisher import DurablePublisher, PubResult
from shared.telemetry.metrics import Tally

Fates = Sequence[ValidEvent | Refusal]

_ADMISSIONS: Final = 3
_log = structlog.get_logger()
_taken: Final = Tally(
    "warmline.events", "{event}", "Member events that were taken, by source and kind", ("source", "kind", "fate")
)
REFUSED: Final = Tally("warmline.events.refused", "{event}", "Member events that were refused", ("code",))


class Intake:
    """Takes the events of a request whose sender is known, whichever way it came.

    Under ``email_key`` addresses in profiles become what stands for their owners; without it they are dropped.
    """

    def __init__(
        self,
        communities: Communities,
        quotas: Quotas,
        publisher: DurablePublisher,
        *,
        activity: SourceActivity,
        partitions: int,
        email_key: str | None,
    ) -> None:
        self._communities = communities
        self._quotas = quotas
        self._publisher = publisher
        self._activity = activity
        self._partitions = partitions
        self._email_key = email_key

    def refuse_paused(self, principal: SourcePrincipal) -> None:
        """Raise ProblemError if the source is paused."""
        if principal.paused:
            raise paused(principal.source)

    def admit(self, principal: Principal) -> None:
        """Raise ProblemError if nothing of the source is taken now: before a body of its costs anything."""
        if not isinstance(principal, SourcePrincipal):
            return
        self.refuse_paused(principal)
        if over := self._quotas.over(principal.community):
            raise over_quota(over)

    async def weigh(self, events: Sequence[RawEvent | Refusal], principal: Principal, trace: str | None) -> Fates:
        """Return for each event what to store or why not; raises ProblemError when quotas leave none to take."""
        now = datetime.now(UTC)
        return await self._weighed(
            lambda known: [
                raw if isinstance(raw, Refusal) else validate(raw, principal, known, now, trace) for raw in events
            ]
        )

    async def weigh_facts(self, facts: Sequence[Fact], principal: SourcePrincipal, trace: str | None) -> Fates:
        """Return what `weigh` does, for what a platform reported."""
        now = datetime.now(UTC)
        told = [keyed(fact, self._email_key) for fact in facts]
        return await self._weighed(lambda known: [validate_fact(fact, principal, known, now, trace) for fact in told])

    async def refusals(self, facts: Sequence[Fact], principal: SourcePrincipal) -> list[Refusal]:
        """Return what of ``facts`` would be refused; nothing is stored, and nothing counted."""
        known, now = await self._communities.known_now(), datetime.now(UTC)
        fates = (validate_fact(keyed(fact, self._email_key), principal, known, now, None) for fact in facts)
        return [fate for fate in fates if isinstance(fate, Refusal)]

    async def keep(self, fates: Fates) -> Sequence[PubResult]:
        """Store the valid ones and return what became of each; when it returns, they are durable.

        Raises PublishUnavailableError or StreamFullError.
        """
        _count_refused(fates)
        valid = [fate for fate in fates if isinstance(fate, ValidEvent)]
        messages = [message_of(fate.event, fate.body, self._partitions) for fate in valid]
        if addressed := carrying([fate.event for fate in valid]):
            messages += address_links(addressed, await self._communities.known(), self._partitions)
        results = (await self._publisher.publish(messages))[: len(valid)]
        self._note(valid, results)
        crash_point("ingest.before-answer")
        return results

    def _note(self, valid: Sequence[ValidEvent], results: Sequence[PubResult]) -> None:
        stored: dict[str, tuple[int, int]] = {}
        for fate, result in zip(valid, results, strict=True):
            event = fate.event
            _taken.add((event.source, kind_of(event.type), "duplicate" if result.duplicate else "accepted"))
            self._activity.heard(event.community, event.source)
            if not result.duplicate:
                events, size = stored.get(event.community, (0, 0))
                stored[event.community] = (events + 1, size + len(fate.body))
        for community, (events, size) in stored.items():
            self._quotas.stored(community, events, size)

    async def _weighed(self, fates_by: Callable[[CommunityMap], Fates]) -> Fates:
        """Validate, see to it that each community in question has been told of its policy, and keep to the quotas."""
        communities = await self._communities.known()
        fates = fates_by(communities)
        if any(isinstance(fate, Refusal) and fate.code == "unknown-community" for fate in fates):
            communities = await self._communities.known_now()  # a sender does not repeat what is refused
            fates = fates_by(communities)
        for _ in range(_ADMISSIONS):
            counts = _counts(fates)
            new = [community for community in counts if not communities.is_announced(community)]
            if not new:
                return self._within_quotas(fates, counts)
            communities = await self._communities.admit(new)
            fates = fates_by(communities)
        raise unavailable("the care policy is changing at this moment: send the request again")

    def _within_quotas(self, fates: Fates, counts: Mapping[str, int]) -> Fates:
        """Refuse the events of communities over a quota; raises ProblemError when that leaves none to take.

        ``counts`` has how many of each community may be taken otherwise.
        """
        over = {community: found for community in counts if (found := self._quotas.over(community))}
        if over and len(over) == len(counts):
            raise over_quota(max(over.values(), key=lambda one: one.retry_after))
        for community, events in counts.items():
            if community not in over:
                self._quotas.take(community, events)
        if not over:
            return fates
        return [
            _refusal(fate, over.get(fate.event.community)) if isinstance(fate, ValidEvent) else fate for fate in fates
        ]


def _counts(fates: Fates) -> Mapping[str, int]:
    """Return how many events of each community may be stored."""
    counts: defaultdict[str, int] = defaultdict(int)
    for fate in fates:
        if isinstance(fate, ValidEvent):
            counts[fate.event.community] += 1
    return counts


def _count_refused(fates: Fates) -> None:
    counts: defaultdict[str, int] = defaultdict(int)
    for fate in fates:
        if isinstance(fate, Refusal):
            counts[fate.code] += 1
    for code, count in counts.items():
        REFUSED.add((code,), count)
        _log.info("events_refused", code=code, count=count)


def _refusal(valid: ValidEvent, over: OverQuota | None) -> ValidEvent | Refusal:
    if over is None:
        return valid
    return Refusal(
        id=valid.event.id,
        source=valid.event.source,
        field=None,
        reason=over.detail,
        code="over-quota",
        retry_after=over.retry_after,
    )
