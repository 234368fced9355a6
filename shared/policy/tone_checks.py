"""What must be written before tone is read: crisis wording is shown at once, and whoever is shown it must know on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from shared.policy.document import Document, Finding, Path

_PLAYBOOK: Final[Path] = ("playbooks", "distress")
_CONTACT: Final[Path] = ("escalation", "emergency_contact")
_START: Final = "'warmline policy default' shows one to start from."
_WHO: Final = "Write who decides, how they are reached at any hour, and a helpline."
_UNWRITTEN: Final = re.compile(
    r"\W*(fill (me |this )?in\b.*)?|.*\b(todo|tbd|fixme|placeholder|lorem ipsum)\b.*|\W*x{2,}\W*",
    re.IGNORECASE | re.DOTALL,
)
"""A text that stands for one that is still to be written; empty, too."""


def crisis(document: Document) -> Iterator[Finding]:
    """Where tone is read, whoever meets a crisis is told what to do, and somebody hears of it when nobody acts."""
    if not document.get("tone", "enabled"):
        return
    yield from _playbook(document)
    if document.get(*_CONTACT) is None:
        yield document.warning(
            _CONTACT,
            "tone is read, and nobody is told of crisis wording that no responder takes on",
            "Write there '{responder: anna}', or an address that is always read, as in"
            " '{email: on-call@example.org, email_verified: true}'.",
        )


def _playbook(document: Document) -> Iterator[Finding]:
    playbook: dict[str, Any] | None = document.get(*_PLAYBOOK)
    if playbook is None:
        yield document.warning(
            _PLAYBOOK,
            "tone is read, and no playbook says what to do at crisis wording",
            f"Write there 'steps:', and in 'turn_to:' who decides, how they are reached, and a helpline; {_START}",
        )
        return
    steps = [(path, step) for path, step in document.items(*_PLAYBOOK, "steps") if isinstance(step, str)]
    if not steps:
        yield document.warning(
            (*_PLAYBOOK, "steps"),
            "tone is read, and this playbook says nothing of what to do",
            f"Write the steps, one a line; {_START}",
        )
    for path, step in steps:
        if _UNWRITTEN.fullmatch(step):
            yield document.warning(
                path, "tone is read, and this step is still to be written", "Write what is to be done, or remove it."
            )
    if _UNWRITTEN.fullmatch(playbook.get("turn_to") or ""):
        yield document.warning(
            (*_PLAYBOOK, "turn_to"), "tone is read, and who is to be turned to in a crisis is still to be written", _WHO
        )
