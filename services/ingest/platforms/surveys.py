"""What the platforms of surveys have in common: an answer with a score, of a member whom a hidden field names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.platforms.facts import Fact, answer_id, is_address, text_of
from services.ingest.platforms.reading import NO_CONCERN, HookSettings, NotUnderstoodError, Passed, Reading
from shared.contracts.member_events import Member, Surveyed

_HIGHEST: Final = 10


def answered(
    *,
    survey: str,
    response: str,
    time: datetime,
    hidden: Mapping[str, Any],
    score: Any,
    comment: Any,
    settings: HookSettings,
) -> Reading:
    """Return a survey's answer; raises NotUnderstoodError.

    ``hidden`` are the hidden fields by name, of which the settings say which holds the member's id. An answer without
    one is anonymous, and one without a score says nothing that is kept.
    """
    member = hidden.get(settings.member_field)
    if member is None or member == "":
        return Passed(why="no-member")
    if not isinstance(member, str | int) or len(str(member)) > 300:
        raise NotUnderstoodError(f"the hidden field {settings.member_field} is neither a text nor a number")
    if is_address(str(member)):
        raise NotUnderstoodError(f"the hidden field {settings.member_field} holds an e-mail address: put an id there")
    if score is None:
        return NO_CONCERN
    is_number = isinstance(score, int | float) and not isinstance(score, bool)
    if not is_number or not 0 <= score <= _HIGHEST or score != int(score):
        raise NotUnderstoodError("the score is no whole number from 0 to 10")
    data = Surveyed(
        member=Member(id=str(member)),
        survey=survey,
        score=int(score),
        comment=text_of(comment) if isinstance(comment, str) and comment.strip() else None,
    )
    return (Fact(id=answer_id(response), time=time, data=data),)
