"""The forms of a member's page: who may send them, and the command that each asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from http import HTTPStatus
from typing import Any, Final

from services.projections.desk.link_form import said_of
from services.projections.desk.words import URGENCIES, WAYS
from services.projections.linking import linking, unlinking
from services.projections.member_commands import basis
from services.projections.member_resources import MemberDetail
from services.projections.problems import Problem
from services.projections.reading import Reader
from services.projections.viewer import Viewer
from shared.contracts.commands import (
    AllowContact,
    AskForTouch,
    DeclineContact,
    GiveTag,
    LogCare,
    MemberCommand,
    OptOutOfTone,
    PromiseFollowUp,
    TakeTag,
    WriteNote,
)
from shared.contracts.names import MOST_OF_NOTE, MOST_OF_TAG

_Form = Mapping[str, str]
_LAST_ZONE: Final = timezone(timedelta(hours=-12))
"""Where every day ends last."""


def serves(viewer: Viewer, member: MemberDetail) -> bool:
    """Tell whether the viewer is of the team that takes care of the member, and somebody else."""
    themselves = any((one.platform, one.id) == (member.platform, member.platform_id) for one in viewer.identities)
    return viewer.responder is not None and viewer.organisation == member.organisation and not themselves


async def command_of(
    verb: str, form: Mapping[str, str], member: MemberDetail, viewer: Viewer, reader: Reader
) -> MemberCommand:
    """Return what the form of ``verb`` asks for; raises Problem."""
    if viewer.responder is None or not serves(viewer, member):
        raise Problem(HTTPStatus.FORBIDDEN, "Only the team of this community tells what is about its members.")
    common = basis(member, viewer.responder, form.get("command_id", "")[:100] or None)
    if verb in ("link", "unlink"):
        said = said_of(form, viewer.responder)
        return await (linking if verb == "link" else unlinking)(reader, member, said)
    if verb not in _COMMANDS:
        raise Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    return _COMMANDS[verb](form, common)


def _ask(form: _Form, common: dict[str, Any]) -> MemberCommand:
    why = _text(form)
    if why is None:
        raise _unfit("Say why: whoever takes it on needs to know.")
    urgency = next((one for one in URGENCIES if one == form.get("urgency")), None)
    if urgency is None:
        raise _unfit("Say how soon: choose one.")
    return AskForTouch(**common, why=why, urgency=urgency)


def _log_care(form: _Form, common: dict[str, Any]) -> MemberCommand:
    way = next((one for one in WAYS if one == form.get("way")), None)
    if way is None:
        raise _unfit("Say how you reached them: choose one.")
    return LogCare(**common, way=way, note=_text(form), at=_end_of_earlier(form.get("day", "")))


def _decline_contact(form: _Form, common: dict[str, Any]) -> MemberCommand:
    day = form.get("day")
    return DeclineContact(**common, until=_beginning_of_later(day) if day else None)


def _promise(form: _Form, common: dict[str, Any]) -> MemberCommand:
    return PromiseFollowUp(**common, day=_from_today_on(form.get("day", "")), note=_text(form))


def _note(form: _Form, common: dict[str, Any]) -> MemberCommand:
    text = _text(form)
    if text is None:
        raise _unfit("Write something down first.")
    return WriteNote(**common, text=text)


_COMMANDS: Final[dict[str, Callable[[_Form, dict[str, Any]], MemberCommand]]] = {
    "ask": _ask,
    "log-care": _log_care,
    "note": _note,
    "tag": lambda form, common: GiveTag(**common, tag=_tag(form)),
    "untag": lambda form, common: TakeTag(**common, tag=_tag(form)),
    "promise": _promise,
    "opt-out-of-tone": lambda _form, common: OptOutOfTone(**common, opted_out=True),
    "opt-into-tone": lambda _form, common: OptOutOfTone(**common, opted_out=False),
    "decline-contact": _decline_contact,
    "allow-contact": lambda _form, common: AllowContact(**common),
}
"""The last part of the form's address to how its fields are read."""


def _text(form: Mapping[str, str]) -> str | None:
    text = form.get("text", "").strip()
    if len(text) > MOST_OF_NOTE:
        raise _unfit(f"That is {len(text)} characters: {MOST_OF_NOTE} are the most.")
    return text or None


def _tag(form: Mapping[str, str]) -> str:
    tag = " ".join(form.get("tag", "").split())
    if not 0 < len(tag) <= MOST_OF_TAG:
        raise _unfit(f"A tag has up to {MOST_OF_TAG} characters, and at least one.")
    return tag


def earliest_today() -> date:
    """Return the earliest day that is today anywhere: which of them it is for the team, whoever takes the form says."""
    return datetime.now(_LAST_ZONE).date()


def _from_today_on(day: str) -> date:
    named = _day(day)
    if named is None or named < earliest_today():
        raise _unfit("Choose a day: today, or one that is still to come.")
    return named


def _beginning_of_later(day: str) -> datetime:
    named = _day(day)
    if named is None or named <= datetime.now(UTC).date():
        raise _unfit("Choose a day that is still to come.")
    return datetime.combine(named, time(), tzinfo=UTC)


def _end_of_earlier(day: str) -> datetime | None:
    """Return the end of an earlier day; None, which is now, for today and for what is no day."""
    named = _day(day)
    end = datetime.combine(named, time.max, tzinfo=UTC) if named is not None else None
    return end if end is not None and end < datetime.now(UTC) else None


def _day(day: str) -> date | None:
    try:
        return datetime.fromisoformat(day).date()
    except ValueError:
        return None


def _unfit(what: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, what)
