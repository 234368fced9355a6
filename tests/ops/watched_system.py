"""A whole Warmline under load, with a real Prometheus beside it that asks it every second."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from infra.ports import claim_internal
from tests.collector import Collector, collector
from tests.end_to_end.harbour import POLICY, event, post
from tests.end_to_end.running_system import RunningSystem, started
from tests.ops.watched_platforms import Platforms, platforms
from tests.waiting import until

CONFIGURATION = Path(__file__).parents[2] / "infra/observability/prometheus"
CLOUD_EVENT = "application/cloudevents+json"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_TONE = """
tone: {enabled: true, language: en}
escalation: {urgent: {acknowledge_within_hours: 0.0005, held_at_most_hours: 0.0005}}
"""
"""What is urgent is told by its tone, and is late after two seconds."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a query gave: of how many series, and the highest that is a number."""

    series: int
    highest: float | None


@dataclass
class Watched:
    """A system and its Prometheus."""

    system: RunningSystem
    prometheus: httpx.Client
    traces: Collector
    platforms: Platforms
    _rounds: Iterator[int] = field(default_factory=lambda: count(1))

    def ask(self, path: str, **parameters: str) -> Any:
        answer = self.prometheus.get(f"/api/v1/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def value(self, expr: str) -> Value:
        """Return what ``expr`` gives now."""
        found = self.ask("query", query=expr.replace("$__rate_interval", "30s"))["result"]
        numbers = [float(one["value"][1]) for one in found]
        return Value(len(numbers), max((number for number in numbers if math.isfinite(number)), default=None))

    def live(self) -> None:
        """Let a moment pass in the community, with all that Warmline tells of."""
        number = next(self._rounds)
        ago = timedelta(hours=2)
        events = [post(f"q{number}-{one}", f"ask{number}-{one}", ago, "Who can open the door?") for one in range(4)]
        events += [event(f"join:{number}", "joined", f"new{number}", timedelta(hours=3))]
        events += [post(f"u{number}", f"despair{number}", ago, "I want to kill myself.")]
        self.system.post(events)
        self.system.post(events[:1])  # a duplicate
        headers = {"content-type": CLOUD_EVENT}
        self.system.ingest.post("/v1/events", json={"id": "no event"}, headers=headers)
        traced = post(f"t{number}", f"trace{number}", ago, "Where do I sign?")
        parent = f"00-{TRACE}-{number:016x}-01"
        self.system.ingest.post("/v1/events", json=traced, headers={**headers, "traceparent": parent})
        self.platforms.send()
        self._care(number)

    def _care(self, number: int) -> None:
        items = self.system.get("/api/v1/queue?limit=200&state=assigned")["items"]
        for touch in items[:2]:
            path = f"/api/v1/touches/{touch['id']}"
            who = {"responder": touch["responder"]["name"]}
            claim = {**who, "revision": touch["revision"], "command_id": f"claim-{number}"}
            if self.system.api.post(f"{path}/claim", json=claim).is_success and touch is items[0]:
                revision = self.system.get(path)["revision"]
                self.system.api.post(f"{path}/settle", json={**who, "revision": revision, "outcome": "reached"})


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Start both, and an integrator that takes what it is sent; ``folder`` is for files."""
    with collector() as traces:
        policy = folder / "policy.yaml"
        few = POLICY.replace("touches: 1000,", "touches: 3,")  # so that some are held
        policy.write_text(f"{few}{_TONE}integrators: [{{name: crm, url: '{traces.url}/crm', community: acme}}]\n")
        told = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{traces.url}/v1/traces"}
        with started(policy=policy, told=told) as system:
            until(lambda: system.command("integrators", "secret", "crm").returncode == 0, what="the secret")
            with (
                platforms(system.ingest) as connected,
                _prometheus(folder, system.data) as url,
                httpx.Client(base_url=url, trust_env=False) as client,
            ):
                yield Watched(system, client, traces, connected)


@contextmanager
def _prometheus(folder: Path, data: Path) -> Iterator[str]:
    """Start one as docs/operations/alerts.md says, but in a hurry."""
    place = shutil.copytree(CONFIGURATION, folder / "prometheus")
    file = place / "beside-up.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("interval: 15s", "interval: 1s"), encoding="utf-8")
    (place / "data").symlink_to(data)
    claim = claim_internal(None)
    claim.release()
    url = f"http://127.0.0.1:{claim.port}"
    log = (folder / "prometheus.log").open("w")
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{claim.port}",
            "--enable-feature=exemplar-storage",
        ],
        stdout=log,
        stderr=log,
    )

    def ready() -> bool:
        assert process.poll() is None, (folder / "prometheus.log").read_text()
        try:
            return httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    try:
        until(ready, what="Prometheus")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()
