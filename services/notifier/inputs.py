"""What notifier reads: needs, the policies in force, and care that was given where no source reports it."""

from __future__ import annotations

from typing import Final

from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES
from shared.partition.service import Input

INPUTS: Final = (
    Input(
        stream=MEMBER_EVENTS,
        subjects=("p.*.member.*.warmline.policy-adopted", "p.*.member.*.warmline.care-logged"),
    ),
    Input(stream=TOUCHES, subjects=("needs-touch.>",)),
)
