"""What a command on a member becomes: the fact that the team told. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.contracts.commands import (
    AllowContact,
    AskForTouch,
    DeclineContact,
    GiveTag,
    LinkMember,
    LogCare,
    MemberCommand,
    OptOutOfTone,
    PromiseFollowUp,
    TakeTag,
    UnlinkMember,
    WriteNote,
)
from shared.contracts.names import digest
from shared.contracts.warmline_facts import (
    CareLogged,
    ContactAllowed,
    ContactDeclined,
    FollowUpPromised,
    LinkTold,
    MemberLinked,
    MemberUnlinked,
    NoteWritten,
    TagGiven,
    TagTaken,
    TeamTold,
    ToneOptOut,
    TouchAsked,
)


def fact_id(verb: str, command: MemberCommand) -> str:
    """Return the id of the fact: the same for the same words alone, as the forms of one page share the command's id."""
    return f"{verb}:{digest(msgspec.json.encode(command).decode())}"


def fact_of(command: MemberCommand) -> TeamTold | LinkTold | ToneOptOut:
    """Return what is stored of ``command``."""
    common: dict[str, Any] = {
        "community": command.community,
        "member": command.member,
        "responder": command.responder,
    }
    match command:
        case AskForTouch():
            return TouchAsked(**common, why=command.why, urgency=command.urgency, conversation=command.conversation)
        case LogCare():
            return CareLogged(**common, way=command.way, note=command.note)
        case DeclineContact():
            return ContactDeclined(**common, until=command.until)
        case AllowContact():
            return ContactAllowed(**common)
        case PromiseFollowUp():
            return FollowUpPromised(**common, day=command.day, note=command.note)
        case GiveTag():
            return TagGiven(**common, tag=command.tag)
        case TakeTag():
            return TagTaken(**common, tag=command.tag)
        case WriteNote():
            return NoteWritten(**common, text=command.text)
        case OptOutOfTone():
            return ToneOptOut(**common, opted_out=command.opted_out)
        case LinkMember():
            return MemberLinked(**common, other=command.other, why=command.why)
        case UnlinkMember():
            return MemberUnlinked(**common, other=command.other, why=command.why)
        case _:
            raise TypeError(f"no fact is made of {type(command).__name__}")
