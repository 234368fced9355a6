"""Reads a care policy: text to the contract, or everything that is to be mended, in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from typing import Final

import msgspec
import yaml

from shared.contracts.policy import Policy
from shared.policy.checks import check
from shared.policy.document import Document, PolicyError, PolicyWarning
from shared.policy.json_nodes import compose_json
from shared.policy.reading import read
from shared.policy.yaml_nodes import UnreadableYamlError, compose

_MOST_FINDINGS: Final = 100
"""Nobody mends more at a time, and looking for what was meant by each unknown name takes its while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPolicy:
    """``policy`` is None exactly when there are errors. Both lists are in the order of the file."""

    policy: Policy | None
    errors: tuple[PolicyError, ...]
    warnings: tuple[PolicyWarning, ...]


def load_policy(text: str) -> LoadedPolicy:
    """Return the policy that ``text``, of YAML, states, or what is wrong with it; no text raises."""
    return _loaded(lambda: compose(text))


def load_json_policy(body: bytes) -> LoadedPolicy:
    """Return the policy that ``body``, of JSON, states, or what is wrong with it; no body raises.

    Numbers and truth values pass in quotes, too, as in a file. Findings have no lines of their own.
    """
    return _loaded(lambda: compose_json(body))


def _loaded(compose_it: Callable[[], yaml.Node]) -> LoadedPolicy:
    try:
        node = compose_it()
    except UnreadableYamlError as error:
        return LoadedPolicy(policy=None, errors=(error.finding,), warnings=())
    document, errors = read(node)
    findings = list(islice(check(document), _MOST_FINDINGS))
    errors += [finding for finding in findings if isinstance(finding, PolicyError)]
    warnings = [finding for finding in findings if isinstance(finding, PolicyWarning)]
    return LoadedPolicy(
        policy=_converted(document) if not errors else None,
        errors=tuple(sorted(errors, key=lambda finding: finding.line)),
        warnings=tuple(sorted(warnings, key=lambda finding: finding.line)),
    )


def default_policy_text() -> str:
    """Return the commented policy to start from."""
    return files("shared.policy").joinpath("default.yaml").read_text(encoding="utf-8")


def _converted(document: Document) -> Policy:
    return msgspec.convert(document.values, Policy)
