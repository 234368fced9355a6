"""A request's body to the care policy in it, or to all that is wrong with it."""

from __future__ import annotations

from typing import Final

import msgspec

from services.ingest.policies import MAX_POLICY_BYTES, PolicyRefusedError
from services.ingest.problem import ProblemError
from services.ingest.refusal import FieldProblem, field_problem
from shared.contracts.policy import Policy
from shared.policy.document import PolicyError, field_name
from shared.policy.load import load_json_policy

_decoder: Final = msgspec.json.Decoder(Policy)


def read_policy(body: bytes) -> Policy:
    """Return the policy in ``body``, which makes as much sense as one that ``warmline policy check`` takes.

    Raises PolicyRefusedError with every fault, ProblemError for a body that is too large, and msgspec.DecodeError,
    UnicodeDecodeError or RecursionError for one that cannot be read.
    """
    if len(body) > MAX_POLICY_BYTES:
        raise ProblemError(413, f"the policy takes {len(body)} bytes: the most is {MAX_POLICY_BYTES}")
    body.decode()
    msgspec.json.decode(body, type=msgspec.Raw)
    errors = load_json_policy(body).errors
    if errors:
        raise PolicyRefusedError(tuple(_problem(error) for error in errors))
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise PolicyRefusedError((field_problem(error, ""),)) from None


def _problem(error: PolicyError) -> FieldProblem:
    # Programs count the items of a list from 0, as in the refusals of events.
    return FieldProblem(
        field=field_name(error.path, first=0) if error.path else "body", reason=f"{error.problem}. {error.fix}"
    )
