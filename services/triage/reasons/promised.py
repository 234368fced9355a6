"""``follow-up``, promised: the day has come on which somebody of the team said they would come back to a member."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from services.triage.contact import ContactDeclined
from services.triage.member_facts import Elsewhere
from services.triage.member_state import MemberState, named
from services.triage.needs import Circumstances, raised, standing_for
from services.triage.person import together
from services.triage.promises import (
    MOST,
    FollowUpPromised,
    NotePromise,
    Promises,
    PromisesLookedAt,
    PromisesPostponed,
    due_at,
)
from services.triage.reasons.judgement import turned_to
from shared.contracts.names import Reason

FOLLOW_UP: Final[Reason] = "follow-up"
_DIFFERENCE: Final = "a word of the team since the day that was promised"
_LOOK_AGAIN_AFTER: Final = timedelta(days=7)
"""Nothing tells this identity when another one may be contacted again."""


class LookAtPromises(Struct, frozen=True, kw_only=True, gc=False):
    """The deadline of the first promises fired; the rest is as in ``LookAtOccasion``.

    ``declined`` is that the person asked not to be contacted, as whichever of their identities.
    """

    seen: Circumstances
    team: bool
    declined: ContactDeclined | None = None
    elsewhere: Elsewhere | None = None


def note(command: NotePromise, state: MemberState) -> tuple[Any, ...]:
    """Return what follows when somebody promises to come back."""
    promise = FollowUpPromised(by=command.by, due=command.due, evidence=command.evidence)
    return (*named(command.member, state), promise)


def look(command: LookAtPromises, state: MemberState) -> tuple[Any, ...]:
    """Return what follows when the time of promises has come. Who made the first is to be asked before others."""
    seen, member = command.seen, state.member
    fired = due_at(state.told.promises, state.told.declined, seen.at)
    if not fired or member is None:
        return ()
    due = due_at(fired, command.declined, seen.at)
    put_off = _put_off(fired, due, command)
    if not due:
        return put_off
    of = tuple(one.evidence for one in due)
    if seen.due is not None and seen.due > seen.at:
        return (*put_off, PromisesPostponed(of=of, due=seen.due))
    person = together(state, command.elsewhere)
    against = {
        "one of the team": command.team,
        "a bot": state.bot,
        "the member left": person.gone,
        "the team turned to them": turned_to(person, max(one.due for one in due)),
    }
    why = next((why for why, holds in against.items() if holds), None)
    looked_at = PromisesLookedAt(of=of, against=why, at=seen.at)
    if why is not None:
        return (*put_off, looked_at)
    known = standing_for(state, FOLLOW_UP)
    before = known.evidence[-MOST:] if known is not None else ()
    values = known.values if known is not None else {}
    values = {**values, "promised_by": due[0].by, "promises": len(due)}
    evidence = (*before, *of)
    need = raised(seen, FOLLOW_UP, member, evidence, values, difference=_DIFFERENCE, since=due[0].due)
    return (*put_off, looked_at, need)


def _put_off(fired: Promises, due: Promises, command: LookAtPromises) -> tuple[PromisesPostponed, ...]:
    """Return that those wait on which another identity of the person asked not to be contacted."""
    waiting = tuple(one.evidence for one in fired if one not in due)
    if not waiting or command.declined is None:
        return ()
    at = command.seen.at
    return (PromisesPostponed(of=waiting, due=command.declined.until or at + _LOOK_AGAIN_AFTER),)
