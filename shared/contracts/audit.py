"""What the auditor says: how every part is, and which alarms stand. It carries no names or texts of members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts.names import Label, Name

Words = str
"""A sentence or a few for an operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm that stands: what is wrong since when, and how to mend it (a command, or where to read)."""

    name: Name
    since: datetime
    wrong: Words
    mend: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmChanged:
    """An alarm was raised or has cleared at ``at``; ``wrong`` is what was wrong when it last stood."""

    name: Name
    raised: bool
    at: datetime
    since: datetime
    wrong: Words
    mend: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSaid:
    """One part of the system that was asked, what it said, and whether an operator may be at ease with that."""

    name: Label
    well: bool
    says: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The auditor's last look, which ended at ``at``.

    ``complete`` is false when a part could not be asked; ``dead_letters`` counts those that are open.
    """

    at: datetime
    complete: bool
    alarms: tuple[Alarm, ...]
    parts: tuple[PartSaid, ...]
    dead_letters: int


REPORT: Final = "audit.report"
ALARM: Final = "audit.alarm"
AUDIT_FORMS: Final[dict[str, type[AuditReport | AlarmChanged]]] = {REPORT: AuditReport, ALARM: AlarmChanged}
"""The name under which a form's schema is published to the form."""
