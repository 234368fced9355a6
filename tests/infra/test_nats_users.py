"""Each service is a user of its own on NATS, and may do what it needs and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from structlog.testing import capture_logs
from typer.testing import CliRunner

from infra.cli.main import app
from infra.embedded.nats import NatsServer
from infra.nats_users import USERS, USERS_FILE, url_of, users_conf
from services.projections.history.redaction import ask_triage
from shared.contracts.redaction import TakeTexts, TextsTaken, take_texts_subject
from shared.nats_address import NatsAddress
from shared.nats_connection import nats_connection
from tests import servers
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="module")
HELD_BACK = [user.name for user in USERS if user.name != "operator"]
MEMBER_EVENT = "p.0.member.acme.discord.posted"
NEED = "needs-touch.acme.all.welcome"
FACT = "touch.acme.settled"
COMMAND = "command.touch.0.claim"
EVERYBODYS = [
    "$JS.API.STREAM.CREATE.MINE",
    *(f"$JS.API.STREAM.{verb}.MEMBER_EVENTS" for verb in ("DELETE", "PURGE", "UPDATE", "RESTORE")),
    "_INBOX_operator.forged",
]
READING = ["$JS.API.CONSUMER.CREATE.MEMBER_EVENTS.me", "$JS.API.CONSUMER.CREATE.MEMBER_EVENTS.me.p.>",
           "$JS.API.CONSUMER.DURABLE.CREATE.MEMBER_EVENTS.me", "$JS.API.STREAM.MSG.GET.MEMBER_EVENTS",
           "$JS.API.DIRECT.GET.MEMBER_EVENTS", "$JS.API.CONSUMER.MSG.NEXT.MEMBER_EVENTS.me"]  # fmt: skip
ERASING = "$JS.API.STREAM.MSG.DELETE.MEMBER_EVENTS"
DENIED = {
    "ingest": [
        NEED,
        FACT,
        COMMAND,
        *READING,
        f"$JS.API.DIRECT.GET.MEMBER_EVENTS.{MEMBER_EVENT}",
        "$JS.API.STREAM.MSG.DELETE.TOUCH_FACTS",
    ],
    "triage": [ERASING, MEMBER_EVENT, FACT, COMMAND, "$JS.API.CONSUMER.CREATE.TOUCH_FACTS.me"],
    "notifier": [ERASING, MEMBER_EVENT, NEED, COMMAND],
    "projections": [ERASING, MEMBER_EVENT, NEED, FACT],
    "auditor": [ERASING, MEMBER_EVENT, NEED, FACT, COMMAND, "$JS.API.CONSUMER.CREATE.TOUCHES.x"],
    "integrator": [ERASING, MEMBER_EVENT, NEED, FACT, COMMAND, "$JS.API.STREAM.INFO.MEMBER_EVENTS", *READING],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[NatsServer]:
    with servers.data_folder() as data:
        async with servers.running_nats(data) as running, servers.nats_client(running.url) as client:
            await servers.fresh_streams(client)
            yield running


@asynccontextmanager
async def connected(server: NatsServer, user: str, denied: list[str]) -> AsyncIterator[Client]:
    async def note(error: Exception) -> None:
        denied.append(str(error).lower())

    address = NatsAddress.of(server.url_of(user))
    client = await nats.connect(address.servers, inbox_prefix=address.inbox_prefix, error_cb=note)
    try:
        yield client
    finally:
        await client.close()


async def asked(client: Client, subject: str) -> bytes:
    """The answer, once somebody listens: nats-py's flush does not wait for what was written before it."""
    async with asyncio.timeout(30):
        while True:
            try:
                return (await client.request(subject, b"", timeout=30)).data
            except nats.errors.NoRespondersError:
                await asyncio.sleep(0.005)


async def told(denied: list[str], count: int) -> list[str]:
    """What was denied, once there is so much: the client calls back when it likes."""
    await until_async(lambda: len(denied) >= count)
    return denied


@pytest.mark.parametrize(
    ("user", "subject"), [(user, each) for user in HELD_BACK for each in EVERYBODYS + DENIED[user]]
)
async def test_what_a_user_must_not_publish_is_denied(server: NatsServer, user: str, subject: str) -> None:
    denied: list[str] = []
    async with connected(server, user, denied) as client:
        await client.publish(subject, b"{}")
        assert await told(denied, 1) == [f'nats: permissions violation for publish to "{subject.lower()}"']


@pytest.mark.parametrize("user", HELD_BACK)
async def test_no_user_listens_to_what_is_not_for_it(server: NatsServer, user: str) -> None:
    others = ["_INBOX.>", *(f"_INBOX_{each.name}.>" for each in USERS if each.name != user)]
    subjects = [">", "p.>", "needs-touch.>", "touch.>", "$JS.>", *others]
    denied: list[str] = []
    async with connected(server, user, denied) as client:
        for subject in subjects:
            await client.subscribe(subject)
        expected = [f'nats: permissions violation for subscription to "{subject.lower()}"' for subject in subjects]
        assert await told(denied, len(subjects)) == expected


@pytest.mark.parametrize("user", ["notifier", "auditor"])
async def test_who_answers_may_answer_the_request_and_nothing_else(server: NatsServer, user: str) -> None:
    subject = {"notifier": "command.touch.3.claim", "auditor": "warmline.audit.report"}[user]
    denied: list[str] = []
    async with connected(server, user, denied) as answering, connected(server, "projections", denied) as asking:

        async def answer(message: nats.aio.msg.Msg) -> None:
            await message.respond(b"done")

        await answering.subscribe(subject, cb=answer)
        assert await asked(asking, subject) == b"done"
        assert denied == []
        await answering.publish("_INBOX_projections.forged", b"")
        assert len(await told(denied, 1)) == 1


async def test_triage_answers_who_asks_about_texts_and_reaches_no_other_inbox(server: NatsServer) -> None:
    asked = TakeTexts(texts=())
    denied: list[str] = []
    async with connected(server, "triage", denied) as answering, connected(server, "projections", denied) as asking:

        async def answer(message: nats.aio.msg.Msg) -> None:
            await message.respond(b'{"without_text": [7]}')

        with pytest.raises(nats.errors.NoRespondersError):
            await ask_triage(asking, 3, asked)
        await answering.subscribe(take_texts_subject(3), cb=answer)
        await answering.flush()
        assert await ask_triage(asking, 3, asked) == TextsTaken(without_text=(7,))
        assert denied == []
        await answering.publish(asking.new_inbox(), b"")
        assert len(await told(denied, 1)) == 1


async def test_a_service_that_is_denied_something_says_how_to_mend_it(server: NatsServer) -> None:
    with capture_logs() as logs:
        async with nats_connection(server.url_of("triage"), "triage-0") as client:
            await client.publish(MEMBER_EVENT, b"{}")
            await until_async(lambda: logs)
    assert [line["event"] for line in logs] == ["nats_denied"]
    assert MEMBER_EVENT in logs[0]["error"]
    assert "give WARMLINE_NATS_URL this service's own user" in logs[0]["detail"]


async def test_a_server_asks_for_the_users_password(server: NatsServer) -> None:
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
        await nats.connect(url_of(server.url, "triage", "guessed"), allow_reconnect=False)


async def test_the_servers_configuration_is_what_the_table_of_users_says() -> None:
    assert USERS_FILE.read_text() == users_conf(), "run: python -m infra.nats_users"


async def test_several_servers_share_the_first_ones_credentials() -> None:
    address = NatsAddress.of("nats://triage:secret@one:4222,two:4222, nats://x:y@three:4222")
    assert address.servers == [
        "nats://triage:secret@one:4222",
        "nats://triage:secret@two:4222",
        "nats://x:y@three:4222",
    ]
    assert address.inbox_prefix == "_INBOX_triage"
    assert (NatsAddress.of("nats://one:4222,two:4222").servers[1], NatsAddress.of("one:4222").inbox_prefix) == (
        "nats://two:4222",
        "_INBOX",
    )


async def test_an_unknown_user_is_told_which_there_are() -> None:
    refused = CliRunner().invoke(app, ["nats-url", "nobody"])
    assert (refused.exit_code, "There are: ingest, triage" in refused.stderr) == (1, True)
