"""Which alarms stand: raised when something stays wrong, cleared when it stays well. Pure: times come from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from infra.audit.alarm_kinds import ALARM_KINDS, AlarmKind
from shared.contracts.audit import Alarm, AlarmChanged

LOOKS: Final = 2
"""A single look never raises or clears an alarm."""

Findings = Mapping[AlarmKind, str | None]
"""What each look found: in words what is wrong, None where all is well. What could not be seen is left out."""


@dataclass(slots=True)
class _Watch:
    """One alarm: whether it stands, and since when, in how many looks, the opposite has been seen."""

    since: datetime
    wrong: str
    stands: bool = False
    turned: float | None = None
    looks: int = 0


@dataclass(slots=True)
class AlarmBoard:
    """Holds every alarm's state from look to look. What a look could not see changes nothing."""

    kinds: tuple[AlarmKind, ...] = ALARM_KINDS
    _watches: dict[str, _Watch] = field(default_factory=dict)

    def update(self, now: float, at: datetime, findings: Findings) -> list[AlarmChanged]:
        """Take in a look at ``now`` (seconds that only grow) and ``at`` (wall clock); return what has changed."""
        changes = (self._change(kind, now, at, findings[kind]) for kind in self.kinds if kind in findings)
        return [change for change in changes if change is not None]

    @property
    def standing(self) -> tuple[Alarm, ...]:
        """The alarms that stand, oldest first."""
        return tuple(sorted(self._alarms(), key=lambda alarm: (alarm.since, alarm.name)))

    def stands(self, kind: AlarmKind) -> bool:
        """Tell whether the alarm stands: what is measured must then be better by a margin to be called well."""
        watch = self._watches.get(kind.name)
        return watch is not None and watch.stands

    def well(self, findings: Findings) -> bool:
        """Tell whether nothing is wrong now: a look found nothing, and no alarm stands, but of what is to come."""
        return not any(findings.get(kind) is not None or self.stands(kind) for kind in self.kinds if not kind.ahead)

    def _alarms(self) -> Iterable[Alarm]:
        for kind in self.kinds:
            watch = self._watches.get(kind.name)
            if watch is not None and watch.stands:
                yield Alarm(name=kind.name, since=watch.since, wrong=watch.wrong, mend=kind.mend)

    def _change(self, kind: AlarmKind, now: float, at: datetime, wrong: str | None) -> AlarmChanged | None:
        watch = self._watches.get(kind.name)
        if wrong is None and watch is None:
            return None
        if watch is None:
            watch = self._watches[kind.name] = _Watch(since=at, wrong="")
        if wrong is not None:
            watch.wrong = wrong
        if (wrong is not None) == watch.stands:
            watch.turned, watch.looks = None, 0
            if not watch.stands:
                del self._watches[kind.name]
            return None
        if watch.turned is None:
            watch.turned = now
        watch.looks += 1
        if watch.looks < LOOKS or now - watch.turned < (kind.clear if watch.stands else kind.after):
            return None
        return self._turn(kind, watch, at)

    def _turn(self, kind: AlarmKind, watch: _Watch, at: datetime) -> AlarmChanged:
        watch.stands = not watch.stands
        watch.turned, watch.looks = None, 0
        if not watch.stands:
            del self._watches[kind.name]
        return AlarmChanged(
            name=kind.name, raised=watch.stands, at=at, since=watch.since, wrong=watch.wrong, mend=kind.mend
        )
