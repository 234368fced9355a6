"""The API of the desk as the administrator uses it from commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import httpx
import msgspec

from infra.operator_error import OperatorError
from infra.running_system import RunningDesk

_ANSWER_SECONDS: Final = 20.0
Form = TypeVar("Form")


class NotThereError(OperatorError):
    """The desk knows nothing of what the path names, or of what ``field`` of the body does."""

    def __init__(self, message: str, field: str | None) -> None:
        super().__init__(message)
        self.field = field


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""
    field: str | None = None


class DeskClient:
    """Asks once; every call raises OperatorError when the desk is away or refuses."""

    def __init__(self, desk: RunningDesk) -> None:
        self._desk = desk

    def get(self, path: str, form: type[Form], **params: str) -> Form:
        """Return what ``path`` below ``/api/v1`` answers."""
        return self._call("GET", path, form, params=params)

    def post(self, path: str, form: type[Form], body: Mapping[str, Any]) -> Form:
        """Return what ``path`` below ``/api/v1`` answers to ``body``."""
        return self._call("POST", path, form, content=msgspec.json.encode(body))

    def _call(self, method: str, path: str, form: type[Form], **given: Any) -> Form:
        headers = {"authorization": f"Bearer {self._desk.token}", "content-type": "application/json"}
        try:
            answer = httpx.request(
                method,
                f"{self._desk.url}/api/v1{path}",
                headers=headers,
                timeout=_ANSWER_SECONDS,
                trust_env=False,
                **given,
            )
            if not answer.is_success:
                problem = msgspec.json.decode(answer.content, type=_Problem)
                said = problem.detail or problem.title or f"The desk answered {answer.status_code}."
                if answer.status_code == httpx.codes.NOT_FOUND:
                    raise NotThereError(said, problem.field)
                raise OperatorError(said)
            return msgspec.json.decode(answer.content, type=form)
        except httpx.TransportError as error:
            raise OperatorError(
                f"The desk does not answer at {self._desk.url} ({type(error).__name__}). See that it runs: warmline "
                "status."
            ) from error
        except msgspec.DecodeError as error:
            raise OperatorError(
                f"{self._desk.url} gave an answer that this version does not know: {error}. Use the same version of "
                "warmline as the running system."
            ) from error
