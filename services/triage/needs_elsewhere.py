"""Needs of a member that other streams than their own found, and how they end with what becomes of the member.

Crisis wording is settled by a human: by itself it ends only when its author turns out to be a program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from services.triage.care_state import CareState
from services.triage.contact import DECLINED, ContactDeclined, is_for_people
from services.triage.member_facts import GreetMember, MeetElsewhere
from services.triage.member_state import MemberState
from services.triage.needs import EndNeed, is_crisis
from services.triage.reasons.judgement import turned_to
from services.triage.reasons.low_survey import is_contradicted
from services.triage.situation import Situation
from services.triage.stream_ids import care_stream, tone_stream
from shared.contracts.needs_touch import Evidence, MemberRef, TouchReason

_ASK_FOR_A_WORD: Final = ("distress", "frustration", "thanks", "out-of-character")
_READ: Final = (*_ASK_FOR_A_WORD, "heated")


def turn_to(now: Situation, member: MemberRef, by: MemberRef, evidence: Evidence) -> None:
    """Take note that somebody of the team, ``by``, turned to the member, which is what most needs ask for.

    Whoever else the person is, is turned to with it.
    """
    if not now.decide(now.of(member), GreetMember(by=by, evidence=evidence)):
        return
    others = now.others(member)
    for other in others:
        now.decide(now.of(other), MeetElsewhere(by=by, evidence=evidence))
    for one in (member, *others):
        for need in _elsewhere(now, one, tone_stream(now.event.community, one.key)):
            if not is_crisis(need) and _newest(need) <= evidence.time:
                _end(now, need, "the team turned to them", evidence, by)


def needless(state: MemberState, reason: str, time: datetime) -> bool:
    """Tell whether what became of the member since then ends such a need, so that none begins; not so in a crisis."""
    if reason in _ASK_FOR_A_WORD:
        return state.gone_since(time) or turned_to(state, time) or state.told.declines_contact(time)
    return state.gone_since(time)


def end_with_departure(now: Situation) -> None:
    """Who left, and is not there again, is asked about no more for what they said before."""
    state: MemberState = now.work.state(now.stream)
    _end_those(now, now.member, "the member left", lambda need: state.gone_since(_newest(need)) and not is_crisis(need))


def end_as_described(now: Situation, before: MemberState) -> None:
    """Who turned out to be a bot or became one of the team is not asked about; ``before`` is what was known."""
    state: MemberState = now.work.state(now.stream)
    if state.bot and not before.bot:
        _end_those(now, now.member, "a bot", lambda _need: True)
    elif state.team and not before.team:
        _end_those(now, now.member, "one of the team", lambda need: not is_crisis(need))


def end_as_unread(now: Situation, member: MemberRef) -> None:
    """Of who opts out of the reading of tone nothing that it found is asked about any more."""
    cause = "opted out of the reading of tone"
    _end_those(now, member, cause, lambda need: need.reason in _READ and not is_crisis(need))
    for need in now.work.state(now.of(member)).needs:
        if is_contradicted(need.values):
            _end(now, need, cause, now.evidence)


def end_unwanted(now: Situation, member: MemberRef, declined: ContactDeclined) -> None:
    """Of who wants no contact nothing is asked any more, in their own stream either, but for what a person decides."""
    for one in (member, *now.others(member)):
        for need in [*_elsewhere(now, one), *now.work.state(now.of(one)).needs]:
            if not is_for_people(need, declined):
                _end(now, need, DECLINED, now.evidence)


def _end_those(now: Situation, member: MemberRef, cause: str, ends: Callable[[TouchReason], bool]) -> None:
    for need in [need for need in _elsewhere(now, member) if ends(need)]:
        _end(now, need, cause, now.evidence)


def _end(now: Situation, need: TouchReason, cause: str, evidence: Evidence, by: MemberRef | None = None) -> None:
    at = evidence.time
    command = EndNeed(reason=need.reason, member=need.member, at=at, cause=cause, evidence=(evidence,), by=by)
    now.decide(need.about, command)


def _elsewhere(now: Situation, member: MemberRef, stream: str | None = None) -> Iterator[TouchReason]:
    """Yield the member's needs that stand elsewhere, or in ``stream``.

    Those that are not told come first, lest they be told in turn.
    """
    people = (member, *now.others(member))
    cares: tuple[CareState, ...] = now.work.states([care_stream(now.event.community, one) for one in people])
    found = [
        pair for care in cares for pair in care.pairs if (pair[1] == stream if stream else pair[1] != now.of(member))
    ]
    states = now.work.states([about for _, about in found])
    for (reason, _), state in zip(found, states, strict=True):
        yield from (need for need in state.needs if (need.reason, need.member) == (reason, member))


def _newest(need: TouchReason) -> datetime:
    return max(one.time for one in need.evidence)
