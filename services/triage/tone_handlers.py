"""What members write, read for its tone where their community turned that on; and what people say of the alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from services.triage.alerts import COUNTED_AT_ONCE, CountMessages, JudgeAlert
from services.triage.care import CARE
from services.triage.care_state import settled_for
from services.triage.deletion_handlers import (
    is_deleted,
    is_outdated,
    lose_deleted,
    lose_edited,
    note_shown,
    shown_before,
)
from services.triage.heat import lately
from services.triage.member_state import MemberState
from services.triage.needs import Circumstances, is_crisis
from services.triage.needs_elsewhere import end_as_unread, needless
from services.triage.readings import text_of
from services.triage.reasons import frustration, heated
from services.triage.reasons.low_survey import is_contradicted
from services.triage.reasons.out_of_character import change, with_day
from services.triage.ritual_handlers import note_thanked
from services.triage.showing import shown_from
from services.triage.signs_in_texts import has_opted_out, is_read, signs_of
from services.triage.situation import Situation
from services.triage.stream_ids import alerts_stream, heat_stream, identity, tone_stream
from services.triage.taken import words_in
from services.triage.tone.signs import AlertKind, Sign
from services.triage.tone_facts import DayNoted, HeatFelt, NoteDay, NoteSign, NoteTalk, OptOutOfTone
from shared.contracts.member_events import Posted
from shared.contracts.names import Reason
from shared.contracts.needs_touch import MemberRef
from shared.contracts.tone_rules import ToneRule
from shared.contracts.warmline_facts import ToneOptOut, TouchSettled
from shared.decider import category_of

_COUNTED: Final = "a"
"""One message in 32 is counted, as 32: each whose key, made of 32 characters by chance, begins so."""

_REASONS: Final[dict[AlertKind, Reason]] = {
    "distress": "distress",
    "hostility": "heated",
    "frustration": "frustration",
    "gratitude": "thanks",
    "change": "out-of-character",
}
_THRESHOLDS: Final = {
    "alerts_per_thousand": "alerts_per_thousand",
    "within_hours": "taken_together_hours",
    "within_days": "taken_together_days",
}
"""The fields of a rule that something is held against, and what a touch calls them."""

_KINDS: Final[dict[str, AlertKind]] = {reason: kind for kind, reason in _REASONS.items()}


def read_tone(now: Situation) -> None:
    """What a member writes may say that somebody is needed. The team's and bots' texts are not read."""
    community = now.event.community
    tone = now.reading.tone_in(community)
    now.readings.note(community, read=tone is not None)
    if tone is None:
        return
    if not is_read(now, tone):
        if not (text_of(now.data) or now.taken):
            lose_edited(now, ())
        return
    if now.delivered.key.startswith(_COUNTED):
        now.work.decide(alerts_stream(community), CountMessages(messages=COUNTED_AT_ONCE))
    _note_talk(now)
    signs = signs_of(now, tone)
    _note_day(now, signs)
    if is_deleted(now) or is_outdated(now):
        signs = tuple(sign for sign in signs if sign.crisis)
    lose_edited(now, {_REASONS[sign.kind] for sign in signs})
    for sign in signs:
        if sign.kind == "hostility":
            _note_insult(now, sign)
        else:
            _note_sign(now, sign)
    if signs:
        lose_deleted(now)


def opt_out(now: Situation) -> None:
    """A member may not want what they write to be read for its tone."""
    said: ToneOptOut = now.data
    member, _ = identity(said.community, said.member.platform, said.member.id)
    command = OptOutOfTone(opted_out=said.opted_out, at=now.event.time)
    if now.work.decide(tone_stream(said.community, member.key), command) and said.opted_out:
        end_as_unread(now, member)


def learn(now: Situation) -> None:
    """What people say of alerts makes the community's next ones of their classes stricter or less so.

    Crisis wording is shown whatever was said of it before.
    """
    settled: TouchSettled = now.data
    if settled.outcome == "no-response" or category_of(settled.about) != CARE.category:
        return
    for reason in settled_for(now.work.state(settled.about), settled.touch, settled.need_revision):
        kind = "contradiction" if is_contradicted(reason.values) else _KINDS.get(reason.reason)
        if kind is not None and not is_crisis(reason):
            judge = JudgeAlert(kind=kind, right=settled.outcome != "not-needed")
            now.work.decide(alerts_stream(settled.community), judge)


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
    felt = HeatFelt(member=now.member, evidence=command.evidence, score=sign.score, instead_of=command.instead_of)
    score = heated.strength(*lately(now.work.state(stream), felt, within))
    _decide(now, rule, replace(command, score=score))


def _note_sign(now: Situation, sign: Sign) -> None:
    rules = now.reading.policy.rules
    if sign.kind == "gratitude" and shown_before(now, "thanks"):
        return
    member = _thanked(now) if sign.kind == "gratitude" else now.member
    if member != now.member:
        note_thanked(now, member)
    stream = tone_stream(now.event.community, member.key)
    match sign.kind:
        case "frustration":
            rule: ToneRule = rules.frustration
            within = timedelta(days=rules.frustration.within_days)
            command = _command(now, rule, sign, member, within=within)
            score = frustration.strength(now.work.state(stream).frustrated, command)
            command = replace(command, score=score)
            weighed = frustration.is_borne_out(score)
        case _:
            rule = rules.distress if sign.kind == "distress" else rules.thanks
            command = _command(now, rule, sign, member)
            weighed = True
    _decide(now, rule, command, weighed=weighed)


def _thanked(now: Situation) -> MemberRef:
    """Return the one peer who is thanked by name, else who thanks."""
    named = {now.ref(member_id) for member_id in getattr(now.data, "mentions", ())} - {now.member}
    if len(named) != 1:
        return now.member
    [peer] = named
    known: MemberState = now.work.state(now.of(peer))
    unfit = known.first is None or known.bot or known.team or has_opted_out(now.work, now.event.community, peer)
    return now.member if unfit else peer


def _conversation(now: Situation) -> str | None:
    conversation: str | None = getattr(now.data, "conversation", None)
    return conversation


def _command(
    now: Situation, rule: ToneRule, sign: Sign, member: MemberRef, *, within: timedelta = timedelta(0)
) -> NoteSign:
    """Return the sign as it is noted, not shown as yet."""
    stream = heat_stream(now.conversation) if sign.kind == "hostility" else tone_stream(now.event.community, member.key)
    return NoteSign(
        seen=_seen(now, rule, stream, member),
        member=member,
        conversation=_conversation(now),
        evidence=now.evidence,
        sign=sign,
        score=sign.score,
        shown_from=None,
        reader=now.readings.version,
        within=within,
        adds=not needless(now.work.state(now.of(member)), _REASONS[sign.kind], now.event.time),
        instead_of=tuple(one.evidence for one in shown_before(now, _REASONS[sign.kind])),
    )


def _seen(now: Situation, rule: ToneRule, stream: str, member: MemberRef) -> Circumstances:
    return Circumstances(
        at=now.stored,
        due=None,
        enabled=rule.enabled,
        about=stream,
        segment=now.reading.segments.of(now.work.state(now.of(member)), now.stored),
        care_load=rule.care_load,
        policy_version=now.reading.version,
        forget_after=timedelta(0),
        thresholds={name: getattr(rule, field) for field, name in _THRESHOLDS.items() if hasattr(rule, field)},
    )


def _decide(now: Situation, rule: ToneRule, command: NoteSign, *, weighed: bool = True) -> None:
    """Note the sign, shown if it is weighed, the community's budget for its class has room and nobody is asked yet.

    A rule that is off asks for nobody but in a crisis.
    """
    if not (rule.enabled or command.sign.crisis):
        return
    if weighed and not command.sign.crisis:
        shown_from = _shown_from(now, rule, command.sign.kind, command, command.score)
        command = replace(command, shown_from=shown_from)
    if now.decide(command.seen.about, command):
        note_shown(now, _REASONS[command.sign.kind], command.seen.about)


def _shown_from(
    now: Situation, rule: ToneRule, kind: AlertKind, command: NoteSign | NoteDay, score: float
) -> float | None:
    return shown_from(
        now,
        kind,
        _REASONS[kind],
        about=command.seen.about,
        member=command.member,
        segment=command.seen.segment,
        score=score,
        per_thousand=rule.alerts_per_thousand,
    )


def _note_day(now: Situation, signs: Sequence[Sign]) -> None:
    """The first text of a day tells how a member is that day, held against how they usually are."""
    rule = now.reading.policy.rules.out_of_character
    if not (rule.enabled and isinstance(now.data, Posted)):
        return
    words = words_in(now.data.text) if now.taken is None else now.taken.words
    if not words:
        return
    stream = tone_stream(now.event.community, now.member.key)
    days = now.work.state(stream).days
    ill = max((sign.score for sign in signs if sign.kind != "gratitude"), default=0.0)
    noted = DayNoted(evidence=now.evidence, words=words, ill=ill)
    after = with_day(days, noted)
    if after == days:
        return
    command = NoteDay(seen=_seen(now, rule, stream, now.member), member=now.member, noted=noted, shown_from=None)
    differs = change(after)
    if differs is not None:
        command = replace(command, shown_from=_shown_from(now, rule, "change", command, differs.score))
    now.decide(stream, command)
