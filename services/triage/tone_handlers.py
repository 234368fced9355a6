"""What members write, read for its tone where their community turned that on; and what people say of the alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from services.triage.alerts import AlertGiven, CountMessages, JudgeAlert, WeighScore
from services.triage.care import CARE, settled_for
from services.triage.heat import lately
from services.triage.member_state import MemberState
from services.triage.needs import Circumstances, standing_for
from services.triage.readings import text_of
from services.triage.reasons import frustration, heated
from services.triage.situation import Situation
from services.triage.stream_ids import alerts_stream, heat_stream, identity, tone_stream
from services.triage.tone.signs import Sign, SignKind, signs_in
from services.triage.tone_facts import HeatFelt, NoteSign, NoteTalk, OptOutOfTone
from shared.contracts.names import Reason
from shared.contracts.needs_touch import MemberRef
from shared.contracts.policy import Tone
from shared.contracts.policy_rules import ToneRule
from shared.contracts.warmline_facts import ToneOptOut, TouchSettled
from shared.decider import category_of
from shared.workspace import StateMissing, Workspace

_ONE_IN: Final = 32
_COUNTED: Final = "a"
"""One message in 32 is counted, as 32: each whose key, made of 32 characters by chance, begins so."""

_REASONS: Final[dict[SignKind, Reason]] = {
    "distress": "distress",
    "hostility": "heated",
    "frustration": "frustration",
    "gratitude": "thanks",
}
_KINDS: Final[dict[str, SignKind]] = {reason: kind for kind, reason in _REASONS.items()}


def read_tone(now: Situation) -> None:
    """What a member writes may say that somebody is needed. The team's and bots' texts are not read."""
    community = now.event.community
    tone = now.reading.tone_in(community)
    now.readings.note(community, read=tone is not None)
    if tone is None or not _is_read(now, tone):
        return
    if now.delivered.key.startswith(_COUNTED):
        now.work.decide(alerts_stream(community), CountMessages(messages=_ONE_IN))
    _note_talk(now)
    reading = now.readings.of(now.delivered, tone.language, lambda one: _would_be_read(now.of_another(one), tone))
    for sign in signs_in(reading):
        if sign.kind == "hostility":
            _note_insult(now, sign)
        else:
            _note_sign(now, sign)


def opt_out(now: Situation) -> None:
    """A member may not want what they write to be read for its tone."""
    said: ToneOptOut = now.data
    member, _ = identity(said.community, said.member.platform, said.member.id)
    command = OptOutOfTone(opted_out=said.opted_out, at=now.event.time)
    now.work.decide(tone_stream(said.community, member.key), command)


def learn(now: Situation) -> None:
    """What people say of alerts makes the community's next ones of their classes stricter or less so.

    Crisis wording is shown whatever was said of it before.
    """
    settled: TouchSettled = now.data
    if settled.outcome == "no-response" or category_of(settled.about) != CARE.category:
        return
    for reason in settled_for(now.work.state(settled.about), settled.touch, settled.need_revision):
        if reason.reason in _KINDS and not reason.values.get("crisis"):
            judge = JudgeAlert(kind=_KINDS[reason.reason], right=settled.outcome != "not-needed")
            now.work.decide(alerts_stream(settled.community), judge)


def _opted_out(work: Workspace, community: str, member: MemberRef) -> bool:
    return bool(work.state(tone_stream(community, member.key)).opted_out)


def _is_read(now: Situation, tone: Tone) -> bool:
    if not text_of(now.data) or now.bot or now.team:
        return False
    late = now.stored - now.event.time > timedelta(days=tone.read_within_days)
    return not (late or _opted_out(now.work, now.event.community, now.member))


def _would_be_read(now: Situation, tone: Tone) -> bool:
    """Tell it of an event that is not folded yet, as far as is known; of whom nothing is in memory, it would not."""
    try:
        return _is_read(now, tone)
    except StateMissing:
        return False


def _note_talk(now: Situation) -> None:
    """Once somebody was insulted, it matters for a while how fast people write."""
    if _conversation(now) is None:
        return
    stream = heat_stream(now.conversation)
    if now.work.state(stream).felt:
        within = timedelta(hours=now.reading.policy.rules.heated.within_hours)
        now.work.decide(stream, NoteTalk(at=now.event.time, within=within))


def _note_insult(now: Situation, sign: Sign) -> None:
    """An insult counts in a conversation with others in it: alone, it is an outburst at a machine."""
    if _conversation(now) is None:
        return
    voices = now.work.state(now.conversation).voices
    named = getattr(now.data, "mentions", ()) or getattr(now.data, "reply_to", None)
    if not (named or voices.team or voices.peers_beside(now.member)):
        return
    rule = now.reading.policy.rules.heated
    within = timedelta(hours=rule.within_hours)
    stream = heat_stream(now.conversation)
    command = _command(now, rule, sign, now.member, within=within)
    felt = HeatFelt(member=now.member, evidence=command.evidence, score=sign.score)
    score = heated.strength(*lately(now.work.state(stream), felt, within))
    _decide(now, rule, replace(command, score=score))


def _note_sign(now: Situation, sign: Sign) -> None:
    rules = now.reading.policy.rules
    member = _thanked(now) if sign.kind == "gratitude" else now.member
    stream = tone_stream(now.event.community, member.key)
    match sign.kind:
        case "frustration":
            rule: ToneRule = rules.frustration
            within = timedelta(days=rules.frustration.within_days)
            command = _command(now, rule, sign, member, within=within)
            heard = now.work.state(stream).frustrated
            score = frustration.strength(heard, command.evidence, sign.score, within)
            command = replace(command, score=score)
        case _:
            rule = rules.distress if sign.kind == "distress" else rules.thanks
            command = _command(now, rule, sign, member)
    _decide(now, rule, command)


def _thanked(now: Situation) -> MemberRef:
    """Return the one peer who is thanked by name, else who thanks."""
    named = {now.ref(member_id) for member_id in getattr(now.data, "mentions", ())} - {now.member}
    if len(named) != 1:
        return now.member
    [peer] = named
    known: MemberState = now.work.state(now.of(peer))
    unfit = known.member is None or known.bot or known.team or _opted_out(now.work, now.event.community, peer)
    return now.member if unfit else peer


def _conversation(now: Situation) -> str | None:
    conversation: str | None = getattr(now.data, "conversation", None)
    return conversation


def _command(
    now: Situation, rule: ToneRule, sign: Sign, member: MemberRef, *, within: timedelta = timedelta(0)
) -> NoteSign:
    """Return the sign as it is noted, not shown as yet."""
    stream = heat_stream(now.conversation) if sign.kind == "hostility" else tone_stream(now.event.community, member.key)
    seen = Circumstances(
        at=now.stored,
        due=None,
        enabled=rule.enabled,
        about=stream,
        segment=now.reading.segments.of(now.work.state(now.of(member)), now.stored),
        care_load=rule.care_load,
        policy_version=now.reading.version,
        forget_after=timedelta(0),
        thresholds={"alerts_per_thousand": rule.alerts_per_thousand},
    )
    return NoteSign(
        seen=seen,
        member=member,
        conversation=_conversation(now),
        evidence=now.evidence,
        sign=sign,
        score=sign.score,
        shown_from=None,
        reader=now.readings.version,
        within=within,
    )


def _decide(now: Situation, rule: ToneRule, command: NoteSign) -> None:
    """Note the sign, shown if the community's budget for its class has room and nobody is asked already."""
    if not rule.enabled:
        return
    stream, kind = command.seen.about, command.sign.kind
    if not command.sign.crisis and standing_for(now.work.state(stream), _REASONS[kind]) is None:
        weigh = WeighScore(kind=kind, score=command.score, per_thousand=rule.alerts_per_thousand)
        events = now.work.decide(alerts_stream(now.event.community), weigh)
        shown_from = next((event.threshold for event in events if isinstance(event, AlertGiven)), None)
        command = replace(command, shown_from=shown_from)
    now.decide(stream, command)
