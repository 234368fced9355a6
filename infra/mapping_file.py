"""The file in which an operator says how JSON, or a row of a table, becomes member events."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from infra.operator_error import OperatorError
from services.ingest.platforms.mapping import MappingError, check
from services.ingest.platforms.reading import EventRule
from services.ingest.refusal import field_problem


def read_mapping(file: Path) -> tuple[EventRule, ...]:
    """Return the rules in ``file``; raises OperatorError with the place of what is wrong in it."""
    try:
        rules = msgspec.convert(yaml.safe_load(file.read_text(encoding="utf-8")), tuple[EventRule, ...])
        check(rules)
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        raise OperatorError(f"{file}, {problem.field}: {problem.reason}.") from None
    except MappingError as error:
        raise OperatorError(f"{file}, {error}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OperatorError(f"{file} is no YAML: {error}") from None
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror}.") from None
    return rules
