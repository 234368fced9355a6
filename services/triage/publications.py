"""How triage's public facts leave: as needs-touch on TOUCHES."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from services.triage.care_facts import NeedRevised
from services.triage.needs import NeedMet, NeedRaised, NeedWithdrawn
from shared.contracts.cloudevents import Publication, publication
from shared.contracts.needs_touch import NeedsTouchEvent, trace_of
from shared.contracts.subjects import needs_touch_subject
from shared.event_store.codec import RecordedEvent
from shared.relay import Publish

SOURCE: Final = "/warmline/triage"


def _raised(recorded: RecordedEvent) -> Publication:
    need = recorded.event.need
    return _needs_touch(need, need.raised_at)


def _revised(recorded: RecordedEvent) -> Publication:
    revision = recorded.event.revision
    return _needs_touch(revision, revision.at)


def _ended(recorded: RecordedEvent) -> Publication:
    end = recorded.event.end
    return _needs_touch(end, end.at)


def _needs_touch(data: NeedsTouchEvent, time: datetime) -> Publication:
    return publication(
        needs_touch_subject(data.community, data.segment, data.reason),
        data,
        event_id=f"{data.touch}:{data.revision}",
        source=SOURCE,
        time=time,
        extensions={"organisation": data.organisation},
        traceparent=trace_of(data.evidence),
    )


PUBLIC: Final[dict[type[Any], Publish]] = {
    NeedRaised: _raised,
    NeedRevised: _revised,
    NeedWithdrawn: _ended,
    NeedMet: _ended,
}
"""The facts that leave; all others are triage's own."""
