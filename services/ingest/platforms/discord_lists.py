"""Discord's lists, which are read from an id on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from msgspec import Raw

from services.ingest.platforms.asked import answered, records_of
from services.ingest.platforms.polled import Answer, Ask, Odd, Step
from services.ingest.platforms.reading import NotUnderstoodError, decoded

PER_PAGE: Final = 100
Record = TypeVar("Record")


def _whole(body: bytes) -> Sequence[Raw]:
    return decoded(body, tuple[Raw, ...])


@dataclass(slots=True, kw_only=True)
class Following(Generic[Record]):
    """What follows the id ``after`` in a list, page by page, as long as there is ``more``.

    ``name`` stands in what the operator is told, ``id_of`` gives what the list goes by. ``within`` finds the list in an
    answer, and raises NotUnderstoodError.
    """

    path: str
    form: type[Record]
    id_of: Callable[[Record], str]
    name: str = ""
    after: str = "0"
    size: int = PER_PAGE
    params: Mapping[str, str] = field(default_factory=dict)
    within: Callable[[bytes], Sequence[Raw]] = _whole
    more: bool = True

    def page(self) -> Generator[Step, Answer, list[Record]]:
        """Return the next page, the lowest id first; none where it is refused."""
        name, before, self.more = self.name or self.path, int(self.after), False
        params = {"limit": str(self.size), "after": self.after, **self.params}
        answer = yield from answered(name, Ask(path=self.path, params=params))
        if answer is None:
            return []
        try:
            listed = self.within(answer.body)
        except NotUnderstoodError as error:
            yield Odd(why=f"{name}: {error}")
            return []
        records = yield from records_of(name, listed, self.form)
        records.sort(key=lambda record: int(self.id_of(record)))
        if records and int(self.id_of(records[-1])) > before:
            self.after, self.more = self.id_of(records[-1]), len(listed) == self.size
        return records
