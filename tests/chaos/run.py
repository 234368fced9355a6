"""One run: load and faults, then quiet, then the reckoning."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infra.running_servers import Servers
from infra.status import wait_ready
from shared.bounded_wait import end
from tests.chaos.accepted import Accepted
from tests.chaos.commands import command
from tests.chaos.deployment import TOKEN, Deployment, Shape, deployed
from tests.chaos.fault_kinds import FAULT_KINDS, FaultKind
from tests.chaos.injection import Injected, Injector
from tests.chaos.load import Load
from tests.chaos.machine import Machine
from tests.chaos.people import People
from tests.chaos.probe import Prober
from tests.chaos.reckoning import Reckoning, reckon
from tests.chaos.schedule import Fault, Round, schedule
from tests.chaos.sending import Sender
from tests.chaos.verdict import RECOVERY_SECONDS, Verdict, line_of, total_of, wrong_in

_EVERY_SECONDS = 0.4
"""At this pace ten minutes bring more than 100,000 events, though half of the time nothing is taken."""
_FINISH_SECONDS = 90.0
_WELL_SECONDS = 120.0
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, on what machine, and within how many seconds all must work again after a fault."""

    seed: int
    seconds: float
    nodes: int
    machine: Machine
    recovery: float = RECOVERY_SECONDS

    def kinds(self) -> list[FaultKind]:
        """Return the faults that can be done."""
        return [kind for kind in FAULT_KINDS if self.why_not(kind) is None]

    def why_not(self, kind: FaultKind) -> str | None:
        """Return why a fault cannot be done, None if it can."""
        if kind.needs == "cluster":
            return None if self.nodes > 1 else "there is one node only: NODES=3"
        if kind.needs == "power cut":
            return self.machine.why_no_power_cut
        return self.machine.why_no_cable if kind.needs == "cable" else None


class Run:
    """One run on one deployment. ``tell`` receives a line of progress."""

    def __init__(self, plan: Plan, deployment: Deployment, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._deployment = deployment
        self._tell = tell
        self._sender = Sender(deployment.urls("ingest"))
        self._accepted = Accepted(deployment.data / "accepted.jsonl")
        self._people = People(deployment.urls("projections"), TOKEN, plan.seed)
        self._load = Load(self._sender, self._accepted, deployment.tokens, seed=plan.seed, every=_EVERY_SECONDS)
        self._prober = Prober(self._sender, self._accepted, deployment.run.postgres_url)
        self._injector = Injector(deployment, reach=plan.recovery)
        self._done: list[tuple[Injected, float | None]] = []
        self._wrong: list[str] = []
        self._began = 0.0
        self._late = 0.0

    async def through(self) -> Verdict:
        """Do everything that is planned, and judge."""
        rounds = schedule(self._plan.seed, self._plan.seconds, self._plan.kinds())
        self._began = asyncio.get_running_loop().time()
        self._load.start()
        self._people.start()
        try:
            for one in rounds:
                await self._play(one)
            await self._sleep_until(self._plan.seconds + self._late)
            self._say("faults are over; finishing what is under way")
            async with asyncio.timeout(_FINISH_SECONDS):
                await self._load.finish()
                await self._prober.recovered()
        except TimeoutError:
            self._wrong.append(f"what was posted was not accepted within {_FINISH_SECONDS:.0f} s of the last fault")
        finally:
            await self._load.abandon()
            await self._people.finish()
            await self._sender.close()
            await self._accepted.close()
        return await self._judge()

    async def _play(self, one: Round) -> None:
        """Do a round's faults, later than planned if the one before took long, and see how soon everything works."""
        elapsed = asyncio.get_running_loop().time() - self._began
        self._late = max(self._late, elapsed - min(fault.at for fault in one))
        injecting = [asyncio.create_task(self._inject(fault)) for fault in one]
        try:
            done = await asyncio.gather(*injecting)
        finally:
            await end(*injecting)
        recovery, slowest = await self._prober.recovered()
        self._done += [(injected, recovery) for injected in done]
        names = " + ".join(_named(injected) for injected in done)
        took = "never recovered" if recovery is None else f"recovered in {recovery:.1f} s (last: {slowest})"
        self._say(f"{names}: {took}")

    async def _inject(self, fault: Fault) -> Injected:
        await self._sleep_until(fault.at + self._late)
        return await self._injector.inject(fault)

    async def _judge(self) -> Verdict:
        self._say("asking whether all is well")
        await self._well()
        self._wrong += await self._injector.wrong()
        self._say("verifying")
        code, said = await command(self._deployment, "verify", "--accepted", str(self._accepted.file))
        if code != 0:
            self._wrong.append(f"`warmline verify` ended with {code}:\n{said}")
        servers = Servers(nats_url=self._deployment.run.nats_url, postgres_url=self._deployment.run.postgres_url)
        return self._verdict(await reckon(servers, self._accepted.posts, self._people.settled))

    async def _well(self) -> None:
        deadline = time.monotonic() + _WELL_SECONDS
        await wait_ready(self._deployment.run, _WELL_SECONDS)
        while True:
            code, said = await command(self._deployment, "status")
            if code == 0:
                return
            if time.monotonic() > deadline:
                self._wrong.append(f"`warmline status` is not well after {_WELL_SECONDS:.0f} s:\n{said}")
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def _verdict(self, reckoning: Reckoning) -> Verdict:
        posts, total = self._accepted.posts, total_of(self._done, self._accepted.posts, reckoning)
        lines = []
        for kind in FAULT_KINDS:
            done = [one for one in self._done if one[0].fault.kind == kind]
            line = line_of(kind.name, done, posts, reckoning)
            lines.append(replace(line, impossible=self._plan.why_not(kind)))
        unexpected = self._sender.unexpected + self._people.unexpected
        wrong = [*self._wrong, *wrong_in(total, reckoning, self._plan.recovery)]
        wrong += [f"{count} unexpected answers: {answer}" for answer, count in unexpected.items()]
        missed = [injected.fault.kind.name for injected, _ in self._done if not injected.happened]
        notes = [f"{self._sender.retries:,} posts were sent again, {len(self._people.settled):,} touches settled."]
        if missed:
            notes.append(f"Not come about: {', '.join(missed)}.")
        if reckoning.stored_again:
            notes.append(f"{reckoning.stored_again:,} events are in the stream again: readers pass over them.")
        return Verdict(
            seed=self._plan.seed,
            seconds=self._plan.seconds,
            nodes=self._plan.nodes,
            lines=tuple(line for line in lines if line.times or line.impossible),
            total=total,
            touches=dict(reckoning.touches),
            notes=tuple(notes),
            wrong=tuple(wrong),
        )

    async def _sleep_until(self, seconds: float) -> None:
        await asyncio.sleep(self._began + seconds - asyncio.get_running_loop().time())

    def _say(self, what: str) -> None:
        elapsed = asyncio.get_running_loop().time() - self._began
        self._tell(f"{elapsed:5.0f} s  {self._accepted.events:>9,} accepted  {what}")


def _named(injected: Injected) -> str:
    fault = injected.fault
    name = fault.kind.name
    if fault.kind.act in {"crash", "stop", "link"}:
        name += f" ({fault.target.split('/')[0]})"
    return name if injected.happened else f"[not reached: {name}]"


async def chaos(plan: Plan, tell: Callable[[str], None], logs: Path | None = None) -> Verdict:
    """Start a deployment, run on it, and take it away; its logs are copied to ``logs``."""
    tell("Starting servers and services")
    shape = Shape(
        nodes=plan.nodes,
        power_can_be_cut=plan.machine.why_no_power_cut is None,
        cable=plan.machine.why_no_cable is None,
    )
    async with deployed(shape, logs) as deployment:
        return await Run(plan, deployment, tell).through()


def rounds_of(plan: Plan) -> Sequence[Round]:
    """Return the schedule of ``plan``."""
    return schedule(plan.seed, plan.seconds, plan.kinds())
