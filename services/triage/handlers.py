"""What each kind of event means for the streams of triage. The table at the end is the wiring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from services.triage.channel import AnsweredBeside, NoteRemark, Remark
from services.triage.community import CloseImport, OpenImport, TakePolicy
from services.triage.conversation import may_ask, may_open
from services.triage.conversation_facts import (
    NoteDeletion,
    NoteEdit,
    NotePost,
    NoteRecovery,
    NoteSolved,
    VoicesGreeted,
)
from services.triage.deletion_handlers import lose_deleted, lose_newcomer
from services.triage.gathering_handlers import note_guest, note_plan, note_registration
from services.triage.hand_handlers import (
    allow_contact,
    ask_for_touch,
    decline_contact,
    note_care,
    note_promise,
    note_tag,
)
from services.triage.link_handlers import link, unlink
from services.triage.member_handlers import note_left, note_member, note_return
from services.triage.needs_elsewhere import turn_to
from services.triage.newcomer_handlers import address_mentioned, answer_opener, note_word
from services.triage.occasion_handlers import (
    note_accepted,
    note_activity,
    note_contribution,
    note_farewell,
    note_first_gathering,
    note_first_post,
    note_moderation,
    note_settled,
    note_solution,
)
from services.triage.ritual_handlers import arrange_rituals, note_arrival, note_help
from services.triage.situation import Situation
from services.triage.stream_ids import channel_stream, conversation_stream
from services.triage.survey_handlers import note_survey
from services.triage.to_care import close_touch
from services.triage.tone_handlers import learn, opt_out, read_tone
from services.triage.voices import Post
from shared.contracts.member_events import (
    Attended,
    Cancelled,
    Deleted,
    Edited,
    Joined,
    Left,
    Moderated,
    Planned,
    Posted,
    Reacted,
    Registered,
    Renewed,
    Solved,
    Surveyed,
    Updated,
)
from shared.contracts.warmline_facts import (
    CareLogged,
    ContactAllowed,
    ContactDeclined,
    FollowUpPromised,
    ImportBegan,
    ImportEnded,
    MemberLinked,
    MemberUnlinked,
    NoteWritten,
    PolicyAdopted,
    TagGiven,
    TagTaken,
    ToneOptOut,
    TouchAsked,
    TouchSettled,
)


def note_post(now: Situation) -> None:
    """A post opens a conversation, answers in it, or greets those who spoke before."""
    if now.bot:
        return
    rule, conversation, time = now.reading.arming.unanswered, now.work.state(now.conversation), now.event.time
    matters = may_ask(conversation, now.member, time)
    post = Post(
        member=now.member,
        evidence=now.evidence,
        message=now.data.message,
        asks=matters and now.asks,
        team=now.team,
    )
    awaited = post.asks or (matters and may_open(conversation, time))
    events = now.decide(
        now.conversation,
        NotePost(
            conversation=now.data.conversation,
            post=post,
            due=now.reading.due(time, rule.within_hours) if awaited and rule.enabled else None,
            answered_by=rule.answered_by,
        ),
    )
    note_word(now)
    if events:
        greet_voices(now, events)
        answer_opener(now, now.conversation, events)
        note_accepted(now, events)
        note_help(now, events)
        note_solution(now, events)
    if now.data.place is not None:
        answer_beside_threads(now, post)


def answer_beside_threads(now: Situation, post: Post) -> None:
    """What is said in a channel outside of threads is heard in the conversations whose questions it answers."""
    data, community, platform = now.data, now.event.community, now.event.platform
    remark = Remark(post=post, said_to=data.mentions, reply=data.reply_to is not None)
    if remark.reply and not remark.said_to:
        return
    note = NoteRemark(remark=remark, opens=data.conversation == data.message)
    answered_by = now.reading.arming.unanswered.answered_by
    for event in now.decide(channel_stream(community, platform, data.place), note):
        if isinstance(event, AnsweredBeside):
            heard = NotePost(conversation=event.question, post=event.answer, due=None, answered_by=answered_by)
            question = conversation_stream(community, platform, event.question)
            events = now.decide(question, heard)
            greet_voices(now, events)
            answer_opener(now, question, events)


def greet_voices(now: Situation, events: Sequence[Any]) -> None:
    """Whom somebody of the team spoke after counts as greeted."""
    for event in events:
        if isinstance(event, VoicesGreeted):
            for member in event.members:
                turn_to(now, member, event.by, event.evidence)


def greet_mentioned(now: Situation) -> None:
    """Whom somebody of the team mentions counts as greeted, though the event of their joining may arrive later."""
    if now.bot or not now.team:
        return
    for member in now.mentioned:
        turn_to(now, member, now.member, now.evidence)


def note_edit(now: Situation) -> None:
    """An edited opening post may ask now, or ask no more; one that was recovered is there again."""
    command = NoteEdit(message=now.data.message, asks=now.asks, evidence=now.evidence)
    now.decide(now.conversation, command)
    if now.data.recovered:
        now.decide(now.conversation, NoteRecovery(message=now.data.message, evidence=now.evidence))


def note_deletion(now: Situation) -> None:
    """A deleted opening post asks no more, and what a message showed is gone with it."""
    now.decide(now.conversation, NoteDeletion(message=now.data.message, evidence=now.evidence))
    lose_deleted(now)
    lose_newcomer(now)


def note_solved(now: Situation) -> None:
    """A solved conversation needs no answer."""
    events = now.decide(now.conversation, NoteSolved(evidence=now.evidence, message=now.data.message))
    note_accepted(now, events)
    note_help(now, events)
    note_solution(now, events)


def take_policy(now: Situation) -> None:
    """A policy holds from its adoption on."""
    command = TakePolicy(
        community=now.event.community,
        organisation=now.event.organisation,
        version=now.data.version,
        policy=now.data.policy,
    )
    now.work.decide(now.community, command)


def open_import(now: Situation) -> None:
    """While history comes in, no deadline of the community fires."""
    stream = now.community
    now.work.decide(stream, OpenImport(import_id=now.data.import_id, at=now.stored))
    now.work.book.suspend(now.event.community)


def close_import(now: Situation) -> None:
    """After the last import, each deadline is looked at once."""
    stream = now.community
    now.work.decide(stream, CloseImport(import_id=now.data.import_id, at=now.stored))
    if not now.work.state(stream).importing:
        now.work.book.resume(now.event.community)


def close_need(now: Situation) -> None:
    """A settled touch closes the needs that it was raised for."""
    close_touch(now.data, now.event.time, now.work)


MESSAGE_HANDLERS: Final[dict[type[Any], tuple[Callable[[Situation], None], ...]]] = {
    Joined: (note_member, note_return, note_arrival),
    Posted: (
        note_member,
        note_activity,
        note_first_post,
        note_post,
        greet_mentioned,
        address_mentioned,
        read_tone,
        lose_newcomer,
    ),
    Edited: (note_member, note_activity, note_edit, read_tone, lose_newcomer),
    Deleted: (note_deletion,),
    Reacted: (note_member, note_activity),
    Planned: (note_plan,),
    Registered: (note_member, note_activity, note_registration),
    Attended: (note_member, note_activity, note_first_gathering, note_guest),
    Surveyed: (note_member, note_activity, note_survey, read_tone),
    Moderated: (note_member, note_moderation),
    Renewed: (note_member, note_return),
    Cancelled: (note_member, note_left, note_farewell, read_tone),
    Left: (note_member, note_left, note_farewell, read_tone),
    Solved: (note_member, note_activity, note_solved, note_contribution),
    Updated: (note_member,),
    PolicyAdopted: (take_policy, arrange_rituals),
    ImportBegan: (open_import,),
    ImportEnded: (close_import,),
    TouchSettled: (learn, note_settled, close_need),
    ToneOptOut: (opt_out,),
    TouchAsked: (ask_for_touch,),
    CareLogged: (note_care,),
    MemberLinked: (link,),
    MemberUnlinked: (unlink,),
    ContactDeclined: (decline_contact,),
    ContactAllowed: (allow_contact,),
    FollowUpPromised: (note_promise,),
    TagGiven: (note_tag,),
    TagTaken: (note_tag,),
    NoteWritten: (),
}
