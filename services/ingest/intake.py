"""From raw events to the stream: validation, quotas, the durable publication, and who is told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
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
from services.ingest.validation import ValidEvent, validate
from shared.contracts.cloudevents import SPEC_VERSION, rfc3339, type_name
from shared.contracts.subjects import kind_of
from shared.crash_points import crash_point
from shared.publisher import DurablePublisher, PubResult
from shared.telemetry.metrics import Tally

Fates = Sequence[ValidEvent | Refusal]

_ADMISSIONS: Final = 3
_encoder: Final = msgspec.json.Encoder()
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

    def admit(self, principal: Principal) -> None:
        """Raise ProblemError if nothing of the source is taken now: before a body of its costs anything."""
        if not isinstance(principal, SourcePrincipal):
            return
        if principal.paused:
            raise paused(principal.source)
        if over := self._quotas.over(principal.community):
            raise over_quota(over)

    async def weigh(self, events: Sequence[RawEvent | Refusal], principal: Principal, trace: str | None) -> Fates:
        """Return for each event what to store or why not; raises ProblemError when quotas leave none to take."""
        return self._within_quotas(await self._validated(events, principal, trace))

    async def weigh_facts(self, facts: Sequence[Fact], principal: SourcePrincipal, trace: str | None) -> Fates:
        """Return what `weigh` does, for what a platform reported."""
        raw = [raw_event(keyed(fact, self._email_key), principal.source) for fact in facts]
        return await self.weigh(raw, principal, trace)

    async def refusals(self, facts: Sequence[Fact], principal: SourcePrincipal) -> list[Refusal]:
        """Return what of ``facts`` would be refused; nothing is stored, and nothing counted."""
        known, now = await self._communities.known_now(), datetime.now(UTC)
        raw = [raw_event(keyed(fact, self._email_key), principal.source) for fact in facts]
        fates = (validate(one, principal, known, now, None) for one in raw)
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
        taken: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        events: defaultdict[str, int] = defaultdict(int)
        sizes: defaultdict[str, int] = defaultdict(int)
        for fate, result in zip(valid, results, strict=True):
            event = fate.event
            taken[event.source, event.type, "duplicate" if result.duplicate else "accepted"] += 1
            if not result.duplicate:
                events[event.community] += 1
                sizes[event.community] += len(fate.body)
        for (source, event_type, kept), count in taken.items():
            _taken.add((source, kind_of(event_type), kept), count)
        for community, count in events.items():
            self._quotas.stored(community, count, sizes[community])
        for community, source in {(fate.event.community, fate.event.source) for fate in valid}:
            self._activity.heard(community, source)

    async def _validated(self, events: Sequence[RawEvent | Refusal], principal: Principal, trace: str | None) -> Fates:
        """Validate, and see to it that each community in question has been told of its policy."""
        now = datetime.now(UTC)

        def fates_by(communities: CommunityMap) -> Fates:
            return [
                raw if isinstance(raw, Refusal) else validate(raw, principal, communities, now, trace) for raw in events
            ]

        communities = await self._communities.known()
        fates = fates_by(communities)
        if any(isinstance(fate, Refusal) and fate.code == "unknown-community" for fate in fates):
            communities = await self._communities.known_now()  # a sender does not repeat what is refused
            fates = fates_by(communities)
        for _ in range(_ADMISSIONS):
            used = {fate.event.community for fate in fates if isinstance(fate, ValidEvent)}
            new = {community for community in used if not communities.is_announced(community)}
            if not new:
                return fates
            communities = await self._communities.admit(new)
            fates = fates_by(communities)
        raise unavailable("the care policy is changing at this moment: send the request again")

    def _within_quotas(self, fates: Fates) -> Fates:
        """Refuse the events of communities over a quota; raises ProblemError when that leaves none to take."""
        counts: defaultdict[str, int] = defaultdict(int)
        for fate in fates:
            if isinstance(fate, ValidEvent):
                counts[fate.event.community] += 1
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


def raw_event(fact: Fact, source: str) -> RawEvent:
    """Return what a platform reported as an event of ``source``, which is still to be validated."""
    return RawEvent(
        specversion=SPEC_VERSION,
        id=fact.id,
        source=source,
        type=type_name(fact.data),
        time=rfc3339(fact.time),
        data=msgspec.Raw(_encoder.encode(fact.data)),
    )


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
