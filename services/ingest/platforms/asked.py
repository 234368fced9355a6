"""What a platform answers when it is asked; where it does not, the operator is told. Pure."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TypeVar

import msgspec

from services.ingest.platforms.polled import Answer, Answered, Ask, Odd, Refused, Step
from services.ingest.platforms.reading import NotUnderstoodError, decoded

Form = TypeVar("Form")


def answered(name: str, ask: Ask) -> Generator[Step, Answer, Answered | None]:
    """Return the answer to ``ask``; None where it was refused. ``name`` stands in what the operator is told."""
    answer = yield ask
    if isinstance(answer, Answered):
        return answer
    yield Odd(why=refusal(name, answer))
    return None


def understood(name: str, ask: Ask, form: type[Form]) -> Generator[Step, Answer, Form | None]:
    """Return the answer to ``ask`` as ``form``; None where it was refused or is none."""
    answer = yield from answered(name, ask)
    if answer is None:
        return None
    try:
        return decoded(answer.body, form)
    except NotUnderstoodError as error:
        yield Odd(why=f"{name}: {error}")
        return None


def records_of(name: str, raw: Sequence[msgspec.Raw], form: type[Form]) -> Generator[Step, Answer, list[Form]]:
    """Return the records that are understood; the others are told of."""
    records = []
    for one in raw:
        try:
            records.append(decoded(bytes(one), form))
        except NotUnderstoodError as error:
            yield Odd(why=f"{name}: {error}")
    return records


def refusal(name: str, answer: Answer) -> str:
    """Return what the operator is told of a request that was refused."""
    status = answer.status if isinstance(answer, Refused) else "nothing"
    return f"{name}: the platform answers {status}; see whether the plan and the secret allow it"
