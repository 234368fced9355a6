"""The projections' HTTP server in a test: the real application on a real port, over real servers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import nats
import psycopg
from msgspec.structs import replace
from nats.aio.client import Client
from nats.aio.msg import Msg

from services.ingest.told_facts import fact_id, fact_of
from services.projections.app import Parts, create_app
from services.projections.audit_watch import AuditWatch
from services.projections.changes import QueueChanges
from services.projections.desk.session import Sessions
from services.projections.health import HealthCheck
from services.projections.history.view import HistoryView
from services.projections.main import serve_desk
from services.projections.member_commands import MemberCommands
from services.projections.pool import views_pool
from services.projections.progress import Progress
from services.projections.queue.view import QueueView
from services.projections.reading import Reader
from services.projections.suggesting import Suggestions
from services.projections.touch_commands import TouchCommands
from shared.contracts.audit import Alarm, AuditReport, PartSaid
from shared.contracts.commands import (
    COMMAND_TYPES,
    MEMBER_COMMAND_TYPES,
    AskForTouch,
    CommandReply,
    MemberCommand,
    MemberReply,
    SettleTouch,
    TouchCommand,
)
from shared.contracts.needs_touch import Evidence
from shared.contracts.subjects import AUDIT_REPORT
from shared.contracts.touch_facts import TouchClaimed, TouchReleased, TouchSettled
from shared.http_server import PublicServer
from tests.projections import making
from tests.projections.folding import fold

TOKEN = "the-administrators-token"
PARTITIONS = 4


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A running server, a client that carries the token, and the connection that folds into its views."""

    url: str
    api: httpx.AsyncClient
    nats: Client
    connection: psycopg.AsyncConnection[Any]
    owner: Owner
    auditor: Auditor
    audit: AuditWatch

    async def audited(self, *alarms: Alarm, **changes: Any) -> None:
        """Let the auditor say this from now on."""
        self.auditor.say(*alarms, **changes)
        await self.audit.ask()


class Auditor:
    """Stands in for the auditor: answers with the last look as it is told."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.answers = True
        self.say()

    def say(self, *alarms: Alarm, **changes: Any) -> None:
        parts = (
            PartSaid(name="NATS", well=True, says="answers"),
            PartSaid(name="dead letters", well=not alarms, says="none: everything could be processed"),
        )
        given = {"at": datetime.now(UTC), "complete": True, "alarms": alarms, "parts": parts, "dead_letters": 0}
        self.report = AuditReport(**{**given, **changes})

    async def listen(self) -> None:
        await self._client.subscribe(AUDIT_REPORT, cb=self._answer)
        await self._client.flush()

    async def _answer(self, message: Msg) -> None:
        if self.answers:
            await message.respond(msgspec.json.encode(self.report))


class Owner:
    """Stands in for notifier: answers commands, and folds the fact that it would have published."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._facts = making.facts()
        self._facts.next = 1000
        self.seen: list[TouchCommand] = []
        self.refuse: Callable[[TouchCommand], CommandReply | None] = lambda _: None
        self.folds = True

    async def answer(self, message: Msg) -> None:
        command = msgspec.json.decode(message.data, type=COMMAND_TYPES[message.subject.rpartition(".")[2]])
        self.seen.append(command)
        refused = self.refuse(command)
        if refused is not None:
            await message.respond(msgspec.json.encode(refused))
            return
        revision = command.revision + 1
        await message.respond(msgspec.json.encode(CommandReply(touch=command.touch, revision=revision, position=1)))
        if self.folds:
            await fold(self._connection, QueueView(), [self._facts.add(self._fact(command, revision))])

    def _fact(self, command: TouchCommand, revision: int) -> Any:
        forms = {"ClaimTouch": TouchClaimed, "ReleaseTouch": TouchReleased, "SettleTouch": TouchSettled}
        ending = {"outcome": command.outcome, "about": "c-1"} if isinstance(command, SettleTouch) else {}
        form = forms[type(command).__name__]
        return making.fact(form, command.touch, revision, making.NOON, responder=command.responder, **ending)


class Clerk:
    """Stands in for ingest and triage: answers commands on members, and folds what they would have published."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._events = making.MemberEvents()
        self._events.next = 2000
        self._touches = making.touches()
        self._touches.next = 2000
        self.seen: list[MemberCommand] = []
        self.refused: MemberReply | None = None

    async def answer(self, message: Msg) -> None:
        verb = message.subject.rpartition(".")[2]
        command = msgspec.json.decode(message.data, type=MEMBER_COMMAND_TYPES[verb])
        self.seen.append(command)
        if self.refused is not None:
            await message.respond(msgspec.json.encode(self.refused))
            return
        told = self._events.add(
            fact_of(command),
            at=datetime.now(UTC),
            event_id=fact_id(verb, command),
            platform="warmline",
            source=f"/warmline/{making.ORGANISATION}",
        )
        await message.respond(msgspec.json.encode(MemberReply(event=told.key, position=told.seq)))
        await fold(self._connection, HistoryView(), [told])
        if isinstance(command, AskForTouch):
            evidence = Evidence(source=told.event.source, event=told.event.id, time=told.event.time)
            need = making.need(reason="by-hand", about=command.command_id, since=told.event.time)
            await fold(self._connection, QueueView(), [self._touches.add(replace(need, evidence=(evidence,)))])


@asynccontextmanager
async def desk_over(
    postgres_url: str, nats_url: str, schemas: list[str], connection: psycopg.AsyncConnection[Any]
) -> AsyncIterator[Desk]:
    client = await nats.connect(nats_url)
    async with views_pool(postgres_url, schemas) as pool, AsyncExitStack() as stack:
        stack.push_async_callback(client.close)
        reader = Reader(pool)
        changes = QueueChanges(reader, postgres_url)
        audit = AuditWatch(client)
        auditor = Auditor(client)
        await auditor.listen()
        app = create_app(
            Parts(
                reader=reader,
                changes=changes,
                commands=TouchCommands(client, PARTITIONS, reader, changes),
                member_commands=MemberCommands(client, reader),
                health=HealthCheck(client, pool),
                progress=Progress(client, pool, ()),
                sessions=Sessions(TOKEN),
                suggestions=Suggestions(pool),
                audit=audit,
            )
        )
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = PublicServer(app, "127.0.0.1", port, drain=5, inherited=listening.detach(), lifespan=True)
        serving = asyncio.create_task(serve_desk(server, changes, audit))
        stack.push_async_callback(_ended, serving)
        url = f"http://127.0.0.1:{port}"
        api = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=10)
        )
        await _listening(api)
        yield Desk(
            url=url, api=api, nats=client, connection=connection, owner=Owner(connection), auditor=auditor, audit=audit
        )


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _listening(api: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.TransportError):
                await api.get("/healthz")
                return
