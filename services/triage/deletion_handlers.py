"""What rests on a message alone ends when that is deleted, or edited so that it shows no more what it had shown."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from services.triage.conversation_state import edit_of
from services.triage.newcomer_facts import LoseMessage
from services.triage.shown_signs import ForgetSigns, NoteShown, SignShown
from services.triage.situation import Situation
from services.triage.stream_ids import signs_stream
from services.triage.tone_facts import LoseSigns
from shared.contracts.member_events import WRITTEN, Deleted, Edited
from shared.contracts.names import Reason


def shown_before(now: Situation, reason: Reason) -> tuple[SignShown, ...]:
    """Return what the message showed of that before it was edited."""
    if not isinstance(now.data, Edited):
        return ()
    shown = now.work.state(signs_stream(now.conversation)).of(now.data.message)
    return tuple(one for one in shown if one.reason == reason and one.evidence != now.evidence)


def note_shown(now: Situation, reason: Reason, noted_in: str) -> None:
    """Remember which message it was that showed it; what was no message is not deleted either."""
    if isinstance(now.data, WRITTEN):
        shown = SignShown(message=now.data.message, reason=reason, evidence=now.evidence, noted_in=noted_in)
        now.work.decide(signs_stream(now.conversation), NoteShown(shown=shown))


def is_deleted(now: Situation) -> bool:
    """Tell whether the message is known to be deleted, and not to be there again: that may be heard of first."""
    posted = isinstance(now.data, (Deleted, WRITTEN))
    return posted and now.data.message in now.work.state(now.conversation).deleted


def is_outdated(now: Situation) -> bool:
    """Tell whether a later edit of the message is known: that may be heard of first, too."""
    if not isinstance(now.data, WRITTEN):
        return False
    edit = edit_of(now.work.state(now.conversation), now.data.message)
    return edit is not None and edit.evidence.time > now.event.time


def lose_deleted(now: Situation) -> None:
    """A deleted message shows nothing any more."""
    if is_deleted(now):
        _lose(now, (), "deleted")


def lose_edited(now: Situation, shows: Collection[Reason]) -> None:
    """An edited message may show less than it did: what it ``shows`` now stays, and what a later edit of it showed."""
    if isinstance(now.data, Edited) and not is_outdated(now):
        _lose(now, shows, "edited")


def lose_newcomer(now: Situation) -> None:
    """Who was known by a deleted message alone is not there to be welcomed, whichever was heard of first."""
    if not is_deleted(now):
        return
    opening = now.work.state(now.conversation).opening
    # Not every platform tells who had written it.
    opened = opening is not None and opening.message == now.data.message
    stream = now.of(opening.member) if opening is not None and opened else now.stream
    now.decide(stream, LoseMessage(message=now.data.message, evidence=now.evidence))


def _lose(now: Situation, shows: Collection[Reason], how: Literal["deleted", "edited"]) -> None:
    stream, message = signs_stream(now.conversation), now.data.message
    lost = [one for one in now.work.state(stream).of(message) if one.reason not in shows]
    if not lost:
        return
    now.work.decide(stream, ForgetSigns(message=message, reasons=tuple(dict.fromkeys(one.reason for one in lost))))
    for noted_in, reason in dict.fromkeys((one.noted_in, one.reason) for one in lost):
        evidence = tuple(one.evidence for one in lost if (one.noted_in, one.reason) == (noted_in, reason))
        command = LoseSigns(reason=reason, evidence=evidence, how=how, because=now.evidence, at=now.stored)
        now.decide(noted_in, command)
