"""The verdict of a run: by fault and in all, as data, and whether it is good."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.accepted import AcceptedPost
from tests.chaos.injection import Injected
from tests.chaos.reckoning import Reckoning

RECOVERY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind of fault. ``recovery`` has the seconds after each time, None where it never came."""

    fault: str
    times: int
    accepted: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    recovery: tuple[float | None, ...] = ()
    impossible: str | None = None

    @property
    def median(self) -> float | None:
        found = [seconds for seconds in self.recovery if seconds is not None]
        return statistics.median(found) if found else None

    @property
    def worst(self) -> float | None:
        return max((seconds for seconds in self.recovery if seconds is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``total`` counts everything, whether a fault was going on or not; ``wrong`` says what is, in words."""

    seed: int
    seconds: float
    nodes: int
    lines: tuple[Line, ...]
    total: Line
    touches: Mapping[str, int]
    notes: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def good(self) -> bool:
        return not self.wrong


def line_of(
    fault: str,
    done: Sequence[tuple[Injected, float | None]],
    posts: Sequence[AcceptedPost],
    reckoning: Reckoning,
) -> Line:
    """Return the line of one kind of fault, from each time that it was done and the recovery after it."""
    happened = [(injected, recovery) for injected, recovery in done if injected.happened]
    spans = [(injected.began, injected.ended) for injected, _ in happened]
    return Line(
        fault=fault,
        times=len(happened),
        accepted=sum(len(post.ids) for post in _within(posts, spans)),
        lost=_count(reckoning.lost, spans),
        doubled=_count(reckoning.doubled, spans),
        disordered=_count(reckoning.disordered, spans),
        recovery=tuple(recovery for _, recovery in happened),
    )


def total_of(
    done: Sequence[tuple[Injected, float | None]], posts: Sequence[AcceptedPost], reckoning: Reckoning
) -> Line:
    """Return the line of everything."""
    return Line(
        fault="in all",
        times=sum(injected.happened for injected, _ in done),
        accepted=sum(len(post.ids) for post in posts),
        lost=len(reckoning.lost),
        doubled=len(reckoning.doubled),
        disordered=len(reckoning.disordered),
        recovery=tuple(recovery for injected, recovery in done if injected.happened),
    )


def wrong_in(total: Line, reckoning: Reckoning, longest: float) -> list[str]:
    """Return what the figures say is wrong; a recovery of ``longest`` seconds is."""
    wrong = []
    for count, what in (
        (total.lost, "accepted events are lost"),
        (total.doubled, "touches or facts were published more than once"),
        (total.disordered, "events are stored in another order than posted"),
        (len(reckoning.forgotten), "touches are not settled, though somebody was told so"),
    ):
        if count:
            wrong.append(f"{count:,} {what}")
    late = [seconds for seconds in total.recovery if seconds is None or seconds >= longest]
    if late:
        wrong.append(f"{len(late)} times it took {longest:.0f} s or longer until everything worked again")
    return wrong


def _within(posts: Sequence[AcceptedPost], spans: Sequence[tuple[float, float]]) -> list[AcceptedPost]:
    moments = [post.at for post in posts]  # in order: each is noted as it happens
    found = {
        index for began, ended in spans for index in range(bisect_left(moments, began), bisect_left(moments, ended))
    }
    return [posts[index] for index in found]


def _count(moments: Sequence[float], spans: Sequence[tuple[float, float]]) -> int:
    return sum(any(began <= moment < ended for began, ended in spans) for moment in moments)
