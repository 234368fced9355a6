"""A database of a moment before the last policy was adopted: ingest takes nothing until that is mended."""

from __future__ import annotations

import psycopg
from nats.aio.client import Client

from infra.reconcile.ingest import relearn_policies
from infra.running_servers import Connections
from tests.failures.lone_ingest import LoneIngest, lone_ingest
from tests.ingest.ingest_world import policy, posted
from tests.kernel.kernel_tables import rows
from tests.waiting import until_async


class Quiet:
    """Whom nobody asks how far things have come."""

    def step(self, what: str, total: int | None = None) -> None: ...

    def reach(self, done: int) -> None: ...

    def tell(self, line: str) -> None: ...


async def adopt(ingest: LoneIngest, responder: str) -> int:
    person = {"name": responder, "display_name": responder}
    answer = await ingest.admin.put("/v1/policy", json=policy("harbour", "acme", responders=[person]))
    return answer.status_code


async def test_nothing_is_taken_before_a_forgotten_policy_is_learned_again(
    client: Client, nats_url: str, database_url: str
) -> None:
    async with lone_ingest(client, nats_url, database_url) as ingest:
        assert await adopt(ingest, "ann") == await adopt(ingest, "bo") == 200
        await ingest.process.kill()
        rows(
            database_url, "DELETE FROM ingest.policies WHERE adoption = 2; UPDATE ingest.communities SET announced = 1"
        )
        await ingest.process.start()
        answer = await ingest.admin.post("/v1/events", json=posted("early", "acme"))
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert "until an operator has brought database and event store together" in answer.json()["detail"]
        assert await adopt(ingest, "cleo") == 503

        async def halted() -> list[str]:
            return [why for (why,) in rows(database_url, "SELECT halted FROM ingest.shards WHERE halted IS NOT NULL")]

        await until_async(halted)
        (why,) = await halted()
        assert "MEMBER_EVENTS tells of adoption 2 of the policy of harbour, but this database knows 1" in why
        assert why.endswith("warmline reconcile")
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as postgres:
            connections = Connections(client=client, postgres=postgres, postgres_url=database_url, partitions=4)
            assert (await relearn_policies(connections, Quiet())).policies == 1

        async def taken() -> bool:
            return (await ingest.admin.post("/v1/events", json=posted("late", "acme"))).status_code == 200

        await until_async(taken)
        assert [event.id for event in await ingest.stored("acme")] == ["late"]
        assert rows(database_url, "SELECT adoption, announced FROM ingest.policies_in_force, ingest.communities") == [
            (2, 2)
        ]
