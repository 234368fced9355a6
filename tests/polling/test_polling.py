"""Ingest polls a platform over real HTTP, with a real NATS and PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from infra.audit.source_rounds import unread_sources
from infra.cli.main import app
from services.ingest.platforms.polled import Answered, Ask, Current, Round
from services.ingest.polling.poller import next_step, pause_after
from shared.contracts.member_events import Planned
from tests.failures.lone_ingest import LoneIngest
from tests.ingest.ingest_world import TOKEN as ADMINISTRATOR
from tests.polling.circle_records import Circle, at, attendee, comment, event, member, post
from tests.polling.fake_platform import FakePlatform
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOKEN = "circle-token"
LONG_AGO = "2026-01-01T00:00:00Z"


class Polled:
    """A source that is polled, and its platform."""

    def __init__(self, ingest: LoneIngest, community: str, circle: Circle, platform: FakePlatform) -> None:
        self.ingest = ingest
        self.community = community
        self.circle = circle
        self.platform = platform
        self.token = ""

    async def add(self, secret: str = TOKEN, **settings: Any) -> None:
        poll = {
            "format": "circle",
            "secret": secret,
            "settings": {"api": self.platform.url, "since": LONG_AGO, "per_minute": 6_000, **settings},
        }
        wanted = {"community": self.community, "platform": "circle", "name": "main", "poll": poll}
        answer = await self.ingest.admin.post("/v1/sources", json=wanted)
        assert answer.status_code == 201, answer.text
        assert answer.json()["secret"] is None
        self.token = answer.json()["token"]

    async def ask(self, act: str, **body: Any) -> None:
        path = f"/v1/sources/circle/main/{act}?community={self.community}"
        answer = await self.ingest.admin.post(path, json=body)
        assert answer.status_code in {200, 204}, answer.text

    async def listed(self) -> dict[str, Any]:
        items = (await self.ingest.admin.get("/v1/sources")).json()["items"]
        [found] = [item for item in items if item["community"] == self.community]
        return dict(found)

    async def ids(self) -> list[str]:
        return [event.id for event in await self.ingest.stored(self.community)]

    async def tried(self) -> tuple[int, str]:
        """Try it as an operator does; return the exit code and what is said, within seconds."""
        env = {"WARMLINE_INGEST_URL": self.ingest.process.url, "WARMLINE_TOKEN": ADMINISTRATOR, "COLUMNS": "300"}
        command = ["source", "test", "circle", "main", "--community", self.community]
        began = time.monotonic()
        made = await asyncio.to_thread(CliRunner().invoke, app, command, env=env)
        assert time.monotonic() - began < 20
        return made.exit_code, made.stdout + made.stderr

    async def rounds(self, more: int = 1) -> None:
        """Wait until so many more rounds have begun and ended."""
        wanted = self.platform.count("/spaces") + more + 1
        await until_async(lambda: self.platform.count("/spaces") >= wanted)


@asynccontextmanager
async def polled(
    ingest: LoneIngest, community: str, circle: Circle, *, held: str | None = None, **settings: Any
) -> AsyncIterator[Polled]:
    fake = FakePlatform(circle.answer, f"Bearer {TOKEN}")
    fake.held = held
    with fake.serving():
        await ingest.adopt(*COMMUNITIES)
        source = Polled(ingest, community, circle, fake)
        await source.add(**settings)
        try:
            yield source
        finally:
            await ingest.admin.delete(f"/v1/sources/circle/main?community={community}")


COMMUNITIES = (
    "whole",
    "behind",
    "limited",
    "away",
    "revoked",
    "paused",
    "killed",
    "broken",
    "again",
    "planned",
    "tried",
)


async def test_everything_arrives_once_and_by_two_roads_is_one_event(ingest: LoneIngest) -> None:
    circle = Circle(
        members=[member(1, -500), member(2, -400)],
        posts=[post(number, -number) for number in range(1, 26)],
        comments=[comment(6, 5, -2)],
        events=[event(8, -5)],
        attendees=[attendee(8, 1)],
        per_page=10,
    )
    async with polled(ingest, "whole", circle) as source:
        await until_async(lambda: source.platform.count("/event_attendees"))
        await source.rounds()
        posts = {f"post:{number}:1" for number in range(1, 26)}
        ids = await source.ids()
        assert len(ids) == len(set(ids)) == 25 + 1 + 2 + 2 + 1
        assert posts < set(ids)
        assert source.platform.count("/event_attendees") == 1

        async def sent_again() -> float:
            return (await ingest.process.metrics()).of("warmline_events_total", source="/circle/main", fate="duplicate")

        before = await sent_again()
        circle.posts.append(post(99, -0.05))
        await source.rounds(2)
        assert (await source.ids()).count("post:99:1") == 1
        assert await sent_again() == before
        sent = {"member": {"id": "7"}, "conversation": "99", "message": "99", "text": "Where do I begin?"}
        body = {"specversion": "1.0", "id": "post:99:1", "source": "/circle/main", "data": sent}
        body |= {"type": "warmline.member.posted.v1", "time": circle.posts[-1]["published_at"]}
        async with ingest.client(source.token) as client:
            assert (await client.post("/v1/events", json=[body])).json()["duplicate"] == 1
        assert 0 < (await ingest.process.metrics()).of("warmline_polls_lag_seconds", source="/circle/main") < 60


async def test_the_platforms_limit_is_kept(ingest: LoneIngest) -> None:
    circle = Circle(posts=[post(1, -1)])
    async with polled(ingest, "limited", circle, per_minute=120, every=60) as source:
        source.platform.plan("/posts", 429, retry_after="2")
        await until_async(lambda: source.platform.count("/events"))
        limited, again = [one.at for one in source.platform.asked if one.path == "/posts"]
        assert again - limited >= 2
        first, *_, last = [one.at for one in source.platform.asked]
        assert len(source.platform.asked) <= 5 + 2 * (last - first) + 1  # the burst, and two a second
        assert await source.ids() == ["post:1:1"]


async def test_an_outage_is_waited_for_and_a_refused_list_holds_up_nothing(ingest: LoneIngest) -> None:
    circle = Circle(posts=[post(1, -1)], comments=[comment(2, 1, -0.5)])
    async with polled(ingest, "away", circle) as source:
        source.platform.plan("/spaces", 404)  # and so nothing can be read in that round
        source.platform.plan("/posts", 502, 503)
        source.platform.plan("/comments", 404, 404)

        async def both() -> bool:
            return len(await source.ids()) == 2

        await until_async(both)

        async def told() -> bool:
            return int((await source.listed())["not_understood"]) == 2

        await until_async(told)
        await source.rounds()
        assert (await source.listed())["why"] is None


async def test_a_revoked_token_stops_the_source_until_it_gets_another(ingest: LoneIngest, database_url: str) -> None:
    async with (
        polled(ingest, "revoked", Circle(posts=[post(1, -1)]), secret="revoked-token") as source,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
    ):

        async def stopped() -> bool:
            return (await source.listed())["stopped_at"] is not None

        await until_async(stopped)
        assert source.platform.count("/spaces") == 1
        [alarm] = await unread_sources(connection)
        assert alarm.startswith("/circle/main of revoked: circle answers 401")
        cursor = await connection.execute("SELECT polls::text FROM ingest.polls")
        assert "revoked-token" not in str(await cursor.fetchall()) + ingest.process.log.read_text()
        await source.ask("secret", secret=TOKEN)
        await source.rounds()
        assert await unread_sources(connection) == []
        assert await source.ids() == ["post:1:1"]


async def test_a_refusal_of_the_earlier_secret_does_not_stop_a_source_that_has_another(ingest: LoneIngest) -> None:
    circle = Circle(posts=[post(1, -1)])
    async with polled(ingest, "revoked", circle, held="/spaces", secret="revoked-token") as source:
        await until_async(lambda: source.platform.count("/spaces"))
        await source.ask("secret", secret=TOKEN)
        source.platform.held = None
        source.platform.gate.set()
        await source.rounds()
        assert (await source.listed())["stopped_at"] is None


async def test_a_clock_of_ours_that_is_ahead_of_the_platforms_loses_nothing(ingest: LoneIngest) -> None:
    async with polled(ingest, "behind", Circle()) as source:
        source.platform.behind = 3600
        await source.rounds(2)
        source.circle.posts.append(post(4, -59.9))  # just now, as the platform has it
        await source.rounds()
        assert await source.ids() == ["post:4:1"]


async def test_nothing_is_asked_while_the_source_is_paused(ingest: LoneIngest) -> None:
    async with polled(ingest, "paused", Circle()) as source, polled(ingest, "whole", Circle()) as other:
        await source.rounds()
        await source.ask("pause")
        await other.rounds(4)  # until each process knows
        asked = len(source.platform.asked)
        await other.rounds(2)
        assert len(source.platform.asked) == asked
        source.circle.posts.append(post(3, -0.1))
        await source.ask("resume")
        await source.rounds()
        assert await source.ids() == ["post:3:1"]


async def test_killed_in_the_middle_it_loses_and_doubles_nothing(ingest: LoneIngest) -> None:
    circle = Circle(
        posts=[post(number, -number) for number in range(1, 31)],
        comments=[comment(6, 5, -2), comment(7, 5, -20)],  # one of them older than what is read again in any case
        per_page=10,
    )
    async with polled(ingest, "killed", circle, held="/comments") as source:
        await until_async(lambda: source.platform.count("/comments"))
        await ingest.process.kill()
        source.platform.held = None
        source.platform.gate.set()
        await ingest.process.start()
        await source.rounds()
        wanted = {f"post:{number}:1" for number in range(1, 31)} | {"post:comment/6:1", "post:comment/7:1"}
        assert sorted(await source.ids()) == sorted(wanted)


async def test_what_is_planned_is_told_once_and_called_off_by_another_process(ingest: LoneIngest) -> None:
    circle = Circle(members=[member(1, -90_000)], events=[event(9, 24 * 60)], attendees=[attendee(9, 1)])
    async with polled(ingest, "planned", circle, since=None) as source:

        async def told() -> list[bool]:
            stored = (event.data for event in await ingest.stored("planned"))
            return [data.called_off for data in stored if isinstance(data, Planned)]

        await until_async(lambda: source.platform.count("/event_attendees"))
        await source.rounds()
        assert [one.split(":")[0] for one in await source.ids()] == ["updated", "plan", "register"]
        await ingest.process.kill()
        circle.events.clear()
        await ingest.process.start()

        async def called_off() -> bool:
            return await told() == [False, True]

        await until_async(called_off)
        await source.rounds()
        assert await called_off()


async def test_whoever_tries_a_source_hears_within_seconds_what_came_of_it(ingest: LoneIngest) -> None:
    circle = Circle(posts=[post(1, -1), post(2, -2) | {"user_id": "seven"}], comments=[comment(6, 1, -1)])
    async with polled(ingest, "tried", circle, every=3_600) as source:

        async def read() -> bool:
            return (await source.listed())["polled_at"] is not None

        await until_async(read)
        circle.posts.append(post(3, -0.1))
        code, said = await source.tried()
        assert code == 0
        assert "/circle/main is read, and takes the secret.\nKept: 1 posted; 2 that it told were known" in said
        assert "Something in it was passed over: /posts: user_id" in said
        assert len(await source.ids()) == len(set(await source.ids())) == 3

        source.platform.plan("/posts", 429, retry_after="600")
        code, said = await source.tried()
        assert (code, "It is waited for: /posts: it answers 429, and is asked again in 600 s" in said) == (0, True)

        source.platform.plan("/spaces", 503, 503, 503, 503, 503, 503)
        code, said = await source.tried()
        assert (code, "is not read: /spaces: it answers 503, and is asked again" in said) == (1, True)

        await source.ask("secret", secret="revoked-token")
        code, said = await source.tried()
        assert (code, "circle answers 401 to /spaces: it does not take the secret" in said) == (1, True)

        await source.ask("pause")
        code, said = await source.tried()
        assert (code, "is paused: go on with warmline source resume" in said) == (1, True)


async def test_what_nobody_foresaw_in_a_round_is_told(ingest: LoneIngest, database_url: str) -> None:
    async with (
        polled(ingest, "broken", Circle(posts=[post(1, -1)])) as source,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
    ):
        await source.rounds()
        await connection.execute("UPDATE ingest.polls SET format = 'tchop' WHERE community = 'broken'")

        async def told() -> bool:
            return str((await source.listed())["why"]).startswith("internal: DecodeError")

        await until_async(told)
        assert (await source.listed())["failing_since"] is not None


async def test_put_again_with_an_earlier_since_it_is_read_from_there(ingest: LoneIngest) -> None:
    circle = Circle(posts=[post(1, -1), post(2, -9_000)])
    async with polled(ingest, "again", circle, since=at(-60)) as source:
        await source.rounds()
        assert await source.ids() == ["post:1:1"]
        settings = {"api": source.platform.url, "per_minute": 6_000}
        path = f"/v1/sources/circle/main/poll?community={source.community}"
        poll = {"format": "circle", "secret": TOKEN, "settings": {**settings, "since": LONG_AGO}}
        assert (await ingest.admin.put(path, json=poll)).status_code == 204

        async def both() -> bool:
            return await source.ids() == ["post:1:1", "post:2:1"]

        await until_async(both)


async def test_a_long_answer_is_read_while_the_event_loop_goes_on() -> None:
    went_on = threading.Event()

    def round_over() -> Round:
        yield Ask(path="/")
        assert went_on.wait(5)
        yield Current()

    reading = round_over()
    assert await next_step(reading, None) == Ask(path="/")
    asyncio.get_running_loop().call_soon(went_on.set)
    assert await next_step(reading, Answered(body=b"long")) == Current()
    assert await next_step(reading, None) is None


async def test_a_platform_that_fails_is_asked_less_and_less_often() -> None:
    hourly, at_once = timedelta(hours=1), timedelta(seconds=1)
    assert [pause_after(failures, hourly).total_seconds() for failures in (1, 2, 3, 99)] == [15, 30, 60, 3_600]
    assert [pause_after(failures, at_once).total_seconds() for failures in (1, 2, 3, 99)] == [1, 2, 4, 300]


@pytest.mark.parametrize(
    ("poll", "field"),
    [
        ({"format": "carrier-pigeon", "secret": "s"}, "poll.format"),
        ({"format": "circle"}, "poll.secret"),
        ({"format": "circle", "secret": "s", "settings": {"api": "http://circle.example"}}, "poll.settings.api"),
        ({"format": "circle", "secret": "s", "settings": {"every": 0}}, "poll.settings.every"),
    ],
)
async def test_what_cannot_be_polled_is_refused(ingest: LoneIngest, poll: dict[str, Any], field: str) -> None:
    await ingest.adopt(*COMMUNITIES)
    wanted = {"community": "whole", "platform": "circle", "name": "other", "poll": poll}
    answer = await ingest.admin.post("/v1/sources", json=wanted)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
