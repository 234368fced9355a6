"""A process is cut off in silence: others notice within seconds and take over; it comes back, and nothing is lost."""

from __future__ import annotations

import psycopg
import pytest

from infra.log_file import last_lines
from tests.chaos.accepted import Accepted
from tests.chaos.commands import command
from tests.chaos.deployment import BEHIND_CABLE, Deployment, Shape, deployed
from tests.chaos.load import Load
from tests.chaos.probe import Prober
from tests.chaos.sending import Sender
from tests.waiting import until_async

TAKEN_OVER_SECONDS = 15.0
NOTICED_SECONDS = 25.0
RESUMED_SECONDS = 25.0


def shards_behind_cable(deployment: Deployment) -> int:
    with psycopg.connect(deployment.run.postgres_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM triage.shards WHERE starts_with(owner, %s) AND expires_at > clock_timestamp()",
            (f"{BEHIND_CABLE}:",),
        ).fetchone()
    return row[0] if row else 0


def has_noticed(deployment: Deployment) -> bool:
    said = "\n".join(last_lines(deployment.data / "logs" / f"{BEHIND_CABLE}.log", 50))
    return "nats_disconnected" in said and "leases.unreachable" in said


@pytest.mark.ops("root")
async def test_a_cut_cable_is_noticed_taken_over_and_come_back_from() -> None:
    async with deployed(Shape(cable=True)) as deployment:
        sender, accepted = Sender(deployment.urls("ingest")), Accepted(deployment.data / "accepted.jsonl")
        load = Load(sender, accepted, deployment.tokens, seed=7, every=2.0)
        prober = Prober(sender, accepted, deployment.run.postgres_url)
        cable = deployment.cable
        assert cable is not None
        try:
            load.start()
            await until_async(lambda: shards_behind_cable(deployment) > 0)
            cable.pull()
            seconds, _ = await prober.recovered()
            assert seconds is not None
            assert seconds < TAKEN_OVER_SECONDS
            assert shards_behind_cable(deployment) == 0
            await until_async(lambda: has_noticed(deployment), seconds=NOTICED_SECONDS)
            cable.plug()
            await until_async(lambda: shards_behind_cable(deployment) > 0, seconds=RESUMED_SECONDS)
            await load.finish()
            assert (await prober.recovered())[0] is not None
        finally:
            await load.abandon()
            await sender.close()
            await accepted.close()
        code, said = await command(deployment, "verify", "--accepted", str(accepted.file))
        assert code == 0, said
