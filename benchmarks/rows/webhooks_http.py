"""What of the bare ASGI application's speed is left at ingest for the webhooks of a platform, one event in each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import httpx
import msgspec

from benchmarks.against.bare_ingest import SIGNATURE
from benchmarks.http_load import connections, post_all
from benchmarks.meter import Meter
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import interleaved
from benchmarks.rows.ingest_http import ingest
from benchmarks.stage import TOKEN, Stage
from benchmarks.workload import MEMBERS, communities
from services.ingest.signatures import hmac_sha256

ROW: Final = "webhooks_http"
_PATH: Final = f"/v1/hooks/{communities()[0]}/github/bench"
_CONNECTIONS: Final = 64
_A_SECOND: Final = 8_000
_WARM: Final = 1_000
_HOW: Final = (
    "64 connections from the same machine send comments as GitHub does, signed with HMAC-SHA256, each answered when "
    "its event is stored durably (sync_interval: always). The bare application checks the signature, decodes the "
    "comment, and publishes the body as it came by the same publisher; ingest also looks the source up, reads and "
    "validates every field, keeps quotas, and stores a member event."
)


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Send the same webhooks to both applications in turn."""
    ways = {
        "ingest, webhooks": partial(_turn, stage, options.seconds, bare=False),
        "bare, webhooks": partial(_turn, stage, options.seconds, bare=True),
    }
    rounds = await interleaved(ways, options.rounds, stage.data, report)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples["ingest, webhooks"]),
        discarded=rounds.discarded,
        sizes={"seconds": options.seconds},
        figures={"webhooks": rounds.ratio("ingest, webhooks", "bare, webhooks")},
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )


async def _turn(stage: Stage, seconds: int, *, bare: bool) -> Sample:
    requests = webhooks(_WARM + seconds * _A_SECOND)
    async with stage.database() as database, ingest(stage, database, bare=bare) as (url, pid):
        if not bare:
            await _add_source(url)
        async with connections(url, _CONNECTIONS) as opened:
            await post_all(opened, requests[:_WARM], seconds)
            meter = Meter((pid, *stage.server_pids))
            answered, elapsed = await post_all(opened, requests[_WARM:], seconds)
            return meter.sample(answered, seconds=elapsed)


async def _add_source(url: str) -> None:
    source = {
        "community": communities()[0],
        "platform": "github",
        "name": "bench",
        "hook": {"format": "github", "secret": TOKEN},
    }
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
        (await client.post("/v1/sources", json=source)).raise_for_status()


def webhooks(count: int) -> list[bytes]:
    """Return requests with which GitHub would tell of so many comments, each on its own."""
    sign = hmac_sha256.hexadecimal(SIGNATURE).sign
    assert sign is not None  # noqa: S101 -- who has the secret can sign
    now = datetime.now(UTC)
    requests = []
    for number in range(count):
        body = msgspec.json.encode(_comment(number, now))
        signature = sign(body, TOKEN, now)[SIGNATURE]
        head = (
            f"POST {_PATH} HTTP/1.1\r\nhost: bench\r\nuser-agent: GitHub-Hookshot/bench\r\n"
            f"content-type: application/json\r\nx-github-event: issue_comment\r\nx-github-delivery: {number}\r\n"
            f"{SIGNATURE}: {signature}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


def _comment(number: int, now: datetime) -> dict[str, object]:
    who = {"id": number % MEMBERS, "login": f"member-{number % MEMBERS}", "node_id": f"U_{number}", "type": "User"}
    site = "https://github.com/octo-org/octo-repo"
    return {
        "action": "created",
        "issue": {
            "id": 7_000_000 + number % 200,
            "number": 1 + number % 200,
            "html_url": f"{site}/issues/{1 + number % 200}",
            "title": "It does not start after the upgrade",
            "user": who,
            "state": "open",
            "created_at": now,
        },
        "comment": {
            "id": number,
            "html_url": f"{site}/issues/{1 + number % 200}#issuecomment-{number}",
            "user": who,
            "author_association": "NONE",
            "created_at": now,
            "updated_at": now,
            "body": "The same here, with the agent of last night, on two machines: it stops with exit code 3.",
        },
        "repository": {"id": 1, "full_name": "octo-org/octo-repo", "private": False, "html_url": site},
        "sender": who,
    }
