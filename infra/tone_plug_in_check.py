"""Commands that fold messages themselves need the reader of tone that is installed, as triage does."""

from __future__ import annotations

from infra.operator_error import OperatorError
from services.triage.tone_plug_in import PlugInError, installed


def refuse_broken_tone_plug_in() -> None:
    """Raise OperatorError where triage could not start here: each text whose tone is read would be parked."""
    try:
        installed()
    except PlugInError as error:
        raise OperatorError(f"Messages cannot be folded here as triage folds them: {error}") from error
