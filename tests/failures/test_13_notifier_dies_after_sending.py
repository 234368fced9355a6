"""Failure 13: notifier dies after sending a notice, before recording it. At most one duplicate, never a miss.

The real service as a process of its own, killed with SIGKILL at chosen moments of its talk with a real mail server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from nats.aio.client import Client

from infra.ports import claim_internal
from infra.provision import provision
from shared.contracts.cloudevents import encode_member_event
from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.subjects import member_event_subject
from shared.topology import GIB, StreamSettings
from tests import servers
from tests.notifier.desk import DESK, need_message, policy_event
from tests.notifier.people import ALWAYS, COMMUNITY, need, policy, responder
from tests.waiting import until_async

MIRA = responder("mira", email="mira@example.org", email_verified=True)
TOUCHES: Final = ("t-1", "t-2", "t-3", "t-4")
FATAL: Final = "t-2"
"""The touch in the middle of whose notice notifier dies."""


class MailServer:
    """Takes mail. ``at_recipient`` and ``at_mail`` are called once: when a recipient is named, when a mail is taken."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.at_recipient: Callable[[], object] | None = None
        self.at_mail: Callable[[], object] | None = None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        deed, self.at_recipient = self.at_recipient, None
        if deed is not None:
            deed()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content))
        deed, self.at_mail = self.at_mail, None
        if deed is not None:
            deed()
        return "250 OK"

    @property
    def touches(self) -> Counter[str]:
        """How many mails there were about each touch."""
        return Counter(str(mail.get_payload()).split("/")[-1].strip() for mail in self.mails)


@dataclass(frozen=True)
class World:
    nats: Client
    nats_url: str
    postgres_url: str
    mail: MailServer
    mail_port: int
    folder: Path

    @contextmanager
    def notifier(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        environment = {
            "WARMLINE_NATS_URL": self.nats_url,
            "WARMLINE_POSTGRES_URL": self.postgres_url,
            "WARMLINE_PARTITIONS": "1",
            "WARMLINE_STREAM_BYTES": str(GIB),
            "WARMLINE_TOKEN": "any",
            "WARMLINE_DESK_URL": DESK,
            "WARMLINE_DATA": str(self.folder),
            "WARMLINE_INSTANCE": name,
            "WARMLINE_CRASH_POINTS": str(self.folder),
            "WARMLINE_SMTP_URL": f"smtp://127.0.0.1:{self.mail_port}?from=warmline@example.org",
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("WARMLINE_")}
        with (self.folder / f"{name}.log").open("wb") as log:
            argv = [sys.executable, "-P", "-m", "services.notifier.main"]
            process = subprocess.Popen(argv, env={**kept, **environment}, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    async def tell(self, *needs: NeedsTouch) -> None:
        for one in needs:
            subject, headers, body = need_message(one)
            await self.nats.jetstream().publish(subject, body, headers=headers)

    async def unsent(self) -> int:
        query = "SELECT count(*) FROM notifier.notices WHERE channel = 'smtp' AND ended_as IS DISTINCT FROM 'sent'"
        async with await psycopg.AsyncConnection.connect(self.postgres_url) as connection:
            row = await (await connection.execute(query)).fetchone()
        assert row is not None
        return int(row[0])


@pytest_asyncio.fixture
async def world(client: Client, nats_url: str, postgres_url: str, tmp_path: Path) -> AsyncIterator[World]:
    database = await servers.fresh_database(postgres_url)
    await provision(nats_url, database, 1, StreamSettings(max_bytes=GIB))
    claim, mail = claim_internal(None), MailServer()
    controller = Controller(mail, hostname="127.0.0.1", port=claim.port, ready_timeout=60)
    controller.start()
    adopted = encode_member_event(policy_event(policy(MIRA, hours=ALWAYS), "v1"))
    await client.jetstream().publish(member_event_subject(COMMUNITY, "warmline", "policy-adopted", 1), adopted)
    try:
        yield World(client, nats_url, database, mail, claim.port, tmp_path)
    finally:
        controller.stop()
        claim.release()
        await servers.drop_database(postgres_url, database)


def before_it_is_taken(world: World, process: subprocess.Popen[bytes]) -> None:
    world.mail.at_recipient = lambda: process.send_signal(signal.SIGKILL)


def when_it_is_taken(world: World, process: subprocess.Popen[bytes]) -> None:
    world.mail.at_mail = lambda: process.send_signal(signal.SIGKILL)


def before_it_is_recorded(world: World, _process: subprocess.Popen[bytes]) -> None:
    order = world.folder / "first"
    world.mail.at_mail = lambda: order.write_text("notices.before-recording", encoding="utf-8")


@pytest.mark.parametrize(
    ("dies", "mails"),
    [(before_it_is_taken, 1), (when_it_is_taken, 2), (before_it_is_recorded, 2)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_each_is_sent_and_none_more_than_twice(
    world: World, dies: Callable[[World, subprocess.Popen[bytes]], None], mails: int
) -> None:
    with world.notifier("first") as first:
        await world.tell(need(TOUCHES[0]))
        await until_async(lambda: world.mail.touches[TOUCHES[0]], seconds=60)
        await until_async(_nothing_unsent(world), seconds=60)
        dies(world, first)
        await world.tell(need(FATAL))
        await until_async(lambda: first.poll() is not None, seconds=60)
        assert first.returncode == -signal.SIGKILL
    await world.tell(*(need(touch) for touch in TOUCHES[2:]))
    with world.notifier("second"):
        await until_async(lambda: world.mail.touches.keys() >= set(TOUCHES), seconds=60)
        await until_async(_nothing_unsent(world), seconds=60)
    assert world.mail.touches == {**dict.fromkeys(TOUCHES, 1), FATAL: mails}
    ids = {mail["Message-ID"] for mail in world.mail.mails}
    assert len(ids) == len(TOUCHES), "sent twice, it is the same mail: a mailbox may show it once"


def _nothing_unsent(world: World) -> Callable[[], Any]:
    async def nothing() -> bool:
        return await world.unsent() == 0

    return nothing
