"""What is measured of webhooks is that they are taken: both sides believe the signature and find the comment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.against.bare_ingest import BareIngest
from benchmarks.rows.webhooks_http import webhooks
from benchmarks.stage import TOKEN
from services.ingest.hook_formats import FORMATS
from services.ingest.platforms.reading import Delivery, HookSettings
from services.ingest.signatures.signed import Signed
from shared.contracts.member_events import Posted
from shared.publisher import Outgoing, PubResult


def request() -> tuple[dict[str, str], bytes]:
    head, _, body = webhooks(2)[1].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines), body


def test_ours_reads_a_comment_from_it() -> None:
    headers, body = request()
    now = datetime.now(UTC)
    github = FORMATS["github"]
    assert github.scheme.verify(Signed(headers=headers, body=body, now=now), TOKEN)
    read: Any = github.read(Delivery(headers=headers, body=body, arrived=now), HookSettings())
    (fact,) = read
    assert (type(fact.data), fact.data.message) == (Posted, "issue_comment/1")


class Kept:
    def __init__(self) -> None:
        self.ids: list[str] = []

    async def publish(self, messages: list[Outgoing]) -> list[PubResult]:
        self.ids += [message.msg_id for message in messages]
        return [PubResult(seq=1, duplicate=False) for _ in messages]


async def test_the_bare_application_keeps_it_unless_the_signature_is_another() -> None:
    headers, body = request()
    kept = Kept()
    application = BareIngest(kept, TOKEN)  # type: ignore[arg-type]

    async def status(headers: Mapping[str, str]) -> int:
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            told.append(message)

        await application({"headers": [(k.encode(), v.encode()) for k, v in headers.items()]}, receive, send)
        return told[0]["status"]

    assert await status(headers) == 200
    assert await status({**headers, "x-hub-signature-256": "sha256=00"}) == 401
    assert kept.ids == ["comment/1"]
