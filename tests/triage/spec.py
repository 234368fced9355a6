"""Specifications of deciders: given what happened, when a command comes, then these events follow, or a refusal."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest

from shared.decider import Deadline, Decider, Refused

S = TypeVar("S")


class When(Generic[S]):
    def __init__(self, decider: Decider[S], state: S, command: Any) -> None:
        self._decider = decider
        self._state = state
        self._command = command

    def then(self, *expected: Any) -> Given[S]:
        """Check that exactly ``expected`` follow, and go on from there."""
        events = self._decider.decide(self._command, self._state)
        assert events == expected
        return Given(self._decider, self._decider.fold(events, self._state))

    def then_refused(self, code: str) -> None:
        with pytest.raises(Refused) as refused:
            self._decider.decide(self._command, self._state)
        assert refused.value.code == code
        assert refused.value.detail

    def happens(self) -> Given[S]:
        """Go on with whatever follows."""
        return Given(self._decider, self._decider.fold(self._decider.decide(self._command, self._state), self._state))


class Given(Generic[S]):
    """A stream with a history."""

    def __init__(self, decider: Decider[S], state: S) -> None:
        self._decider = decider
        self.state = state

    def when(self, command: Any) -> When[S]:
        return When(self._decider, self.state, command)

    def after(self, *commands: Any) -> Given[S]:
        """Go on with whatever follows from ``commands``."""
        given: Given[S] = self
        for command in commands:
            given = given.when(command).happens()
        return given

    @property
    def deadlines(self) -> tuple[Deadline, ...]:
        return self._decider.deadlines(self.state)


def given(decider: Decider[S], *events: Any) -> Given[S]:
    return Given(decider, decider.fold(events))
