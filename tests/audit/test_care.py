"""What the auditor tells of care: from real tables, each step and each promise counted once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import psycopg
import pytest_asyncio
from nats.aio.client import Client
from prometheus_client import CollectorRegistry

from infra.audit.care_measures import MOST_ORGANISATIONS, OTHER, CareMeasures
from infra.audit.care_rounds import CareRounds
from infra.audit.coverage import Coverage, coverage_ahead, promised_by, standings, uncovered
from infra.audit.eyes import DatabaseEye
from infra.provision import provision
from services.notifier.roster import Load, RosterState
from services.notifier.service import notifier_codec
from shared.contracts.policy import Hours, Leave, Policy
from shared.contracts.subjects import partition_of
from shared.topology import GIB, StreamSettings
from tests.notifier.people import ALWAYS, OFFICE, ORGANISATION, at, policy, responder

PARTITIONS = 2
NIGHTLY = Hours(timezone="UTC", days=dict.fromkeys(ALWAYS.days, ("00:00-22:00",)))


def test_the_next_day_has_gaps_where_nobody_works() -> None:
    assert coverage_ahead(policy(responder("mira"), hours=ALWAYS), at(0)).gap == timedelta()
    assert coverage_ahead(policy(responder("mira"), hours=NIGHTLY), at(0)).gap == timedelta(hours=2)
    both = policy(responder("mira"), responder("noor", hours=ALWAYS), hours=OFFICE)
    assert coverage_ahead(both, at(0)).gap == timedelta()


def test_nobody_is_missed_outside_the_organisations_hours() -> None:
    office = policy(responder("mira"))
    ahead = coverage_ahead(office, at(2.1))
    assert (ahead.gap, ahead.missing) == (timedelta(hours=16), timedelta())
    assert uncovered(office, ahead) is None


def test_hours_of_the_organisation_without_anybody_are_told_ahead_in_its_own_time() -> None:
    tuesday = (Leave(first="2026-11-24", last="2026-11-24"),)
    berlin = Hours(timezone="Europe/Berlin", days=OFFICE.days)
    afternoons = Hours(timezone="Europe/Berlin", days=dict.fromkeys(OFFICE.days, ("13:30-17:00",)))
    people = policy(responder("mira", leave=tuesday), responder("noor", hours=afternoons), hours=berlin)
    assert uncovered(people, coverage_ahead(people, at(8.1))) == (
        "nobody of harbour works in 4.5 of its own hours, from Tue 24 Nov 09:00 CET on"
    )
    assert uncovered(people, coverage_ahead(people, at(4.75))) is not None
    nobody = policy(hours=ALWAYS)
    assert uncovered(nobody, coverage_ahead(nobody, at(0))) == (
        "nobody of harbour works in 24 of its own hours, from Mon 23 Nov 09:00 UTC on"
    )


def test_a_break_of_less_than_an_hour_is_no_alarm() -> None:
    early = Hours(timezone="UTC", days=dict.fromkeys(OFFICE.days, ("09:00-12:00", "12:45-17:00")))
    people = policy(responder("mira", hours=early))
    ahead = coverage_ahead(people, at(0))
    assert ahead.missing == timedelta(minutes=45)
    assert uncovered(people, ahead) is None


def test_people_are_available_at_a_limit_or_away() -> None:
    people = policy(responder("mira"), responder("noor"), responder("ola", hours=NIGHTLY), hours=ALWAYS)
    full = RosterState(loads=(Load(responder="noor", care_load=people.limits.care_load, touches=1),))
    assert standings(people, full, at(13.5)) == {"available": 1, "over-limit": 1, "outside-hours": 1}


def test_a_promise_counts_by_the_clock_where_it_is_urgent_and_else_in_working_hours() -> None:
    office = policy(responder("mira"))
    assert promised_by(office, "urgent", at(7.75)) == at(8.25)
    assert promised_by(office, "soon", at(7)) == at(25)
    assert promised_by(office, "routine", at(0)) == at(8)


def test_of_many_organisations_the_first_are_told_apart_and_none_is_lost() -> None:
    registry = CollectorRegistry()
    measures = CareMeasures(registry)
    names = [f"org-{n:03}" for n in range(MOST_ORGANISATIONS + 7)]
    people = standings(policy(responder("mira"), hours=ALWAYS), RosterState(), at(0))
    hour = Coverage(gap=timedelta(hours=1), missing=timedelta(), missing_from=None)
    measures.take_people(dict.fromkeys(names, people), dict.fromkeys(names, hour))
    told = {
        sample.labels["organisation"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.labels.get("standing") == "available"
    }
    assert len(told) == MOST_ORGANISATIONS + 1
    assert told[OTHER] == 7
    assert registry.get_sample_value("warmline_coverage_gap_seconds", {"organisation": OTHER}) == 7 * 3600


class Queue:
    """The queue's tables, as projections would fill them."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self.connection = connection
        self._seqs = count(1)

    async def adopt(self, adopted: Policy) -> None:
        await self.connection.execute(
            "INSERT INTO ingest.policies (organisation, adoption, version, accepts_others, policy, adopted_at) "
            "VALUES (%s, 1, 'v1', false, %s::jsonb, now())",
            (adopted.organisation, msgspec.json.encode(adopted).decode()),
        )

    async def raise_touch(
        self, touch: str, *, urgency: str = "urgent", ago: timedelta, state: str = "raised", traced: str | None = None
    ) -> None:
        evidence = [{"event": "post:1:1", **({"traceparent": traced} if traced else {})}, {"event": "post:1:2"}]
        raised_at = datetime.now(UTC) - ago
        await self.connection.execute(
            "INSERT INTO view_queue.touches (touch, organisation, urgency, reason, since, raised_at, standing, hold, "
            "evidence) VALUES (%s, %s, %s, 'unanswered', %s, %s, %s, %s, %s)",
            (touch, ORGANISATION, urgency, raised_at - timedelta(hours=1), raised_at, state,
             "over-limit" if state == "held" else None, json.dumps(evidence)),
        )  # fmt: skip
        await self._note(touch, "need", 1, "raised", raised_at)

    async def fact(self, touch: str, revision: int, kind: str) -> None:
        standing = {"claimed": "claimed", "settled": "settled", "released": "raised"}[kind]
        await self.connection.execute("UPDATE view_queue.touches SET standing = %s WHERE touch = %s", (standing, touch))
        await self._note(touch, "fact", revision, kind, datetime.now(UTC))

    async def _note(self, touch: str, origin: str, revision: int, kind: str, moment: datetime) -> None:
        await self.connection.execute(
            "INSERT INTO view_queue.touch_timeline VALUES (%s, %s, %s, %s, %s, %s, NULL, '{}')",
            (touch, origin, revision, kind, next(self._seqs), moment),
        )


class Care:
    """The auditor's look at care, and what it tells."""

    def __init__(self, eye: DatabaseEye) -> None:
        self.registry = CollectorRegistry()
        self._rounds = CareRounds(CareMeasures(self.registry))
        self._eye = eye
        self._now = 0.0

    async def look(self) -> None:
        self._now += 1_000
        await self._rounds.make(self._eye, PARTITIONS, self._now)
        assert self.told("care_look_complete") == 1

    def told(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"warmline_{name}", labels) or 0.0

    def promises(self, urgency: str = "urgent") -> tuple[float, float]:
        kept, broken = (self.told("promises_total", urgency=urgency, kept=word) for word in ("yes", "no"))
        return kept, broken


@pytest_asyncio.fixture
async def queue(nats_url: str, database_url: str, client: Client) -> AsyncIterator[Queue]:
    assert client.is_connected
    await provision(nats_url, database_url, PARTITIONS, StreamSettings(max_bytes=GIB))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for table in ("view_queue.touches", "view_queue.touch_timeline", "ingest.policies"):
            await connection.execute(f"TRUNCATE {table}".encode())
        yield Queue(connection)


@pytest_asyncio.fixture
async def care(database_url: str) -> AsyncIterator[Care]:
    eye = DatabaseEye(database_url, "a test")
    yield Care(eye)
    await eye.close()


async def test_what_waits_is_told_by_urgency_and_by_why(queue: Queue, care: Care) -> None:
    await queue.adopt(policy(responder("mira"), hours=ALWAYS))
    await queue.raise_touch("t-1", ago=timedelta(minutes=20))
    await queue.raise_touch("t-2", ago=timedelta(minutes=50), state="held")
    await queue.raise_touch("t-3", urgency="soon", ago=timedelta(minutes=5), state="claimed")
    await care.look()
    assert care.told("touches_open", urgency="urgent", state="held") == 1
    assert care.told("touches_held", hold="over-limit") == 1
    assert 3000 <= care.told("touch_oldest_unclaimed_seconds", urgency="urgent") < 3300
    assert care.told("touch_oldest_unclaimed_seconds", urgency="soon") == 0
    assert care.told("touches_late", urgency="urgent") == 1
    assert care.told("responders", organisation=ORGANISATION, standing="available") == 1
    await queue.fact("t-1", 1, "settled")
    await queue.fact("t-2", 1, "settled")
    await care.look()
    assert care.told("touches_open", urgency="urgent", state="held") == 0
    assert care.told("touch_oldest_unclaimed_seconds", urgency="urgent") == 0


async def test_a_limit_that_is_reached_is_told(queue: Queue, care: Care) -> None:
    people = policy(responder("mira"), hours=ALWAYS)
    await queue.adopt(people)
    full = RosterState(loads=(Load(responder="mira", care_load=people.limits.care_load, touches=1),))
    await queue.connection.execute(
        f"INSERT INTO notifier.p{partition_of(ORGANISATION, PARTITIONS)}_states (stream, version, state) "
        "VALUES (%s, 1, %s)".encode(),
        (f"roster:{ORGANISATION}", notifier_codec().encode_state(full)),
    )
    await care.look()
    assert care.told("responders", organisation=ORGANISATION, standing="over-limit") == 1


async def test_every_step_is_counted_once_and_nothing_from_before_the_start(queue: Queue, care: Care) -> None:
    await queue.adopt(policy(responder("mira"), hours=ALWAYS))
    await queue.raise_touch("t-before", ago=timedelta(minutes=1))
    await care.look()
    await queue.raise_touch("t-1", ago=timedelta(minutes=1))
    await queue.fact("t-1", 1, "claimed")
    await care.look()
    await queue.fact("t-1", 2, "released")
    await queue.fact("t-1", 3, "claimed")
    await queue.fact("t-1", 4, "settled")
    await care.look()
    await care.look()
    for step in ("raised", "acknowledged", "settled"):
        assert care.told("touch_step_seconds_count", step=step, urgency="urgent") == 1
    assert 3600 <= care.told("touch_step_seconds_sum", step="acknowledged", urgency="urgent") < 3900
    assert care.promises() == (1, 0)


async def test_a_promise_is_broken_once_when_its_time_is_over(queue: Queue, care: Care) -> None:
    await queue.adopt(policy(responder("mira"), hours=ALWAYS))
    await queue.raise_touch("t-old", ago=timedelta(hours=5))
    await care.look()  # late before anybody looked: it was counted then
    assert care.promises() == (0, 0)
    await queue.raise_touch("t-late", ago=timedelta(minutes=31))
    await queue.raise_touch("t-between", ago=timedelta(minutes=31))
    await queue.fact("t-between", 1, "claimed")  # late, and claimed, since the last look
    await queue.raise_touch("t-settled", ago=timedelta(minutes=29))
    await queue.fact("t-settled", 1, "settled")
    await queue.raise_touch("t-given-back", ago=timedelta(minutes=40))
    await care.look()
    assert care.promises() == (1, 3)
    await queue.fact("t-late", 1, "claimed")
    await queue.fact("t-given-back", 1, "claimed")
    await queue.fact("t-given-back", 2, "released")
    await care.look()
    await care.look()
    assert care.promises() == (1, 3)
    assert care.told("touches_late", urgency="urgent") == 1


async def test_a_bucket_shows_the_trace_of_a_touch_in_it(queue: Queue, care: Care) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    await queue.adopt(policy(responder("mira"), hours=ALWAYS))
    await care.look()
    await queue.raise_touch("t-1", ago=timedelta(minutes=1), traced=f"00-{trace_id}-b7ad6b7169203331-01")
    await queue.raise_touch("t-2", ago=timedelta(minutes=1))
    await care.look()
    examples = [
        sample.exemplar.labels
        for family in care.registry.collect()
        for sample in family.samples
        if sample.exemplar is not None
    ]
    assert examples == [{"trace_id": trace_id}]
