"""JSON of any shape to member events, by a mapping that the operator writes in JMESPath (jmespath.org). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError

from services.ingest.envelope import MAX_EVENTS
from services.ingest.platforms.facts import (
    Fact,
    attendance_id,
    deletion_id,
    edit_id,
    is_address,
    member_fact_id,
    moderation_id,
    name_of,
    plan_id,
    post_id,
    reaction_id,
    registration_id,
    solved_id,
    stamp,
    text_of,
)
from services.ingest.platforms.reading import EventRule, NotUnderstoodError, Partly, Time, time_of
from services.ingest.refusal import field_problem
from shared.contracts.member_events import (
    MEMBER_EVENT_TYPES,
    Attended,
    Deleted,
    Edited,
    MemberEventData,
    Moderated,
    Planned,
    Posted,
    Reacted,
    Registered,
    Solved,
)

_KINDS: Final = {form.__name__.lower(): form for form in MEMBER_EVENT_TYPES.values()}
_KIND_NAMES: Final = ", ".join(sorted(_KINDS))
_TEXTS: Final = frozenset(("text", "comment"))
_NAMES: Final = frozenset(("name", "handle", "channel", "title", "where"))
_TIMES: Final = frozenset(("starts_at", "ends_at"))
_DECIDED_BY_THE_SOURCE: Final = frozenset(("community", "platform"))
_ONCE: Final = frozenset(("attended", "deleted", "posted", "reacted"))
"""The kinds whose ids are made without a time."""


class MappingError(ValueError):
    """A rule that cannot be followed; the text says which, and why."""


def check(rules: Sequence[EventRule]) -> None:
    """Raise MappingError if one of ``rules`` can never give an event."""
    for number, rule in enumerate(rules):
        form = _KINDS.get(rule.kind)
        if form is None:
            raise MappingError(f"[{number}].kind: the kinds are {_KIND_NAMES}")
        known = set(form.__struct_fields__) - _DECIDED_BY_THE_SOURCE
        for name in rule.fields.keys() - known:
            raise MappingError(f"[{number}].fields.{name}: {rule.kind} has {', '.join(sorted(known))}")
        if not isinstance(member := rule.fields.get("member"), dict) or "id" not in member:
            raise MappingError(f"[{number}].fields.member.id: is required, for every event has its member")
        if rule.time is None and rule.id is None and rule.kind not in _ONCE:
            raise MappingError(
                f"[{number}].time: {rule.kind} needs time or id: else the id is made of the time of arrival, and each "
                "delivery of the same is another event"
            )
        for place, expression in _expressions(rule):
            try:
                jmespath.compile(expression)
            except JMESPathError as error:
                raise MappingError(f"[{number}].{place}: {str(error).splitlines()[0]}") from None


def mapped(rules: Sequence[EventRule], payload: Any, arrived: datetime) -> Partly:
    """Return what ``rules`` find in ``payload``, of plain values: an item that is not understood costs no other.

    Raises NotUnderstoodError for more than MAX_EVENTS items.
    """
    facts: list[Fact] = []
    problems: list[str] = []
    left = MAX_EVENTS
    for number, rule in enumerate(rules):
        try:
            items = _items(number, rule, payload)
        except NotUnderstoodError as error:
            problems.append(str(error))
            continue
        left -= len(items)
        if left < 0:
            raise NotUnderstoodError(f"mapping[{number}] finds too much: {MAX_EVENTS} events are taken at a time")
        for item in items:
            try:
                facts.append(_fact(number, rule, item, arrived))
            except NotUnderstoodError as error:
                problems.append(str(error))
    return Partly(facts=tuple(facts), problems=tuple(problems))


def _items(number: int, rule: EventRule, payload: Any) -> list[Any]:
    if rule.when is not None and not _found(rule.when, payload):
        return []
    items = [payload] if rule.each is None else _found(rule.each, payload) or []
    if not isinstance(items, list):
        raise NotUnderstoodError(f"mapping[{number}].each finds no list")
    return items


def _fact(number: int, rule: EventRule, item: Any, arrived: datetime) -> Fact:
    values = {name: _value(name, wanted, item) for name, wanted in rule.fields.items()}
    try:
        data: MemberEventData = msgspec.convert(_present(values), _KINDS[rule.kind], strict=False)
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        raise NotUnderstoodError(f"mapping[{number}], {problem.field}: {problem.reason}") from None
    for field, member in (("member.id", data.member.id), ("contributor", getattr(data, "contributor", None))):
        if member is not None and is_address(member):
            raise NotUnderstoodError(f"mapping[{number}], {field}: is an e-mail address: map another id of the member")
    time = _time(number, rule, item, arrived)
    fact_id = _found(rule.id, item) if rule.id is not None else _id_of(data, time)
    if not isinstance(fact_id, str | int) or isinstance(fact_id, bool):
        raise NotUnderstoodError(f"mapping[{number}].id finds neither a text nor a number")
    if any(is_address(word) for word in str(fact_id).split()):
        raise NotUnderstoodError(f"mapping[{number}].id finds an e-mail address: make it of something else")
    return Fact(id=str(fact_id), time=time, data=data)


def _value(name: str, wanted: str | dict[str, str], item: Any) -> Any:
    if isinstance(wanted, dict):
        return {inner: _value(inner, expression, item) for inner, expression in wanted.items()}
    found = _found(wanted, item)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return (
            time_of(found) if name in _TIMES else str(found)
        )  # platforms number what is a name here; a score is made a number again
    if isinstance(found, str):
        return text_of(found) if name in _TEXTS else _name(found) if name in _NAMES else found.replace("\0", "")
    if isinstance(found, list):
        return [str(each) for each in found if isinstance(each, str | int)]
    return found


def _name(found: str) -> str | None:
    return None if is_address(found) else name_of(found)


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    present = {name: _present(value) if isinstance(value, dict) else value for name, value in values.items()}
    return {name: value for name, value in present.items() if value is not None}


def _time(number: int, rule: EventRule, item: Any, arrived: datetime) -> datetime:
    if rule.time is None:
        return arrived
    found = _found(rule.time, item)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return time_of(found)
    try:
        time: datetime = msgspec.convert(found, Time)
    except msgspec.ValidationError:
        raise NotUnderstoodError(
            f"mapping[{number}].time finds neither a time with its zone nor seconds since 1970"
        ) from None
    return time


def _id_of(data: MemberEventData, time: datetime) -> str:
    member = data.member.id
    match data:
        case Posted():
            return post_id(data.message)
        case Edited():
            return edit_id(data.message, stamp(time))
        case Deleted():
            return deletion_id(data.message)
        case Reacted():
            return reaction_id(data.message, member, data.reaction)
        case Planned():
            return plan_id(data.gathering, stamp(time))
        case Registered():
            return registration_id(data.gathering, member, stamp(time))
        case Attended():
            return attendance_id(data.gathering, member)
        case Solved():
            return solved_id(data.conversation, stamp(time))
        case Moderated():
            return moderation_id(data.message or data.conversation or member, data.action, stamp(time))
        case _:
            return member_fact_id(type(data).__name__.lower(), member, stamp(time))


def _found(expression: str, item: Any) -> Any:
    try:
        return jmespath.search(expression, item)
    except (JMESPathError, TypeError, ValueError, RecursionError) as error:
        raise NotUnderstoodError(f"the expression {expression!r} fails: {type(error).__name__}") from None


def _expressions(rule: EventRule) -> Iterator[tuple[str, str]]:
    for name in ("when", "each", "time", "id"):
        if (expression := getattr(rule, name)) is not None:
            yield name, expression
    for name, wanted in rule.fields.items():
        if isinstance(wanted, str):
            yield f"fields.{name}", wanted
        else:
            yield from ((f"fields.{name}.{inner}", expression) for inner, expression in wanted.items())
