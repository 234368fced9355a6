"""Reads a care policy: text to the contract, or everything that is to be mended, in one go."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import msgspec

from shared.contracts.policy import Policy
from shared.policy.checks import check
from shared.policy.document import Document, PolicyError, PolicyWarning
from shared.policy.reading import read
from shared.policy.yaml_nodes import UnreadableYamlError, compose


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPolicy:
    """``policy`` is None exactly when there are errors. Both lists are in the order of the file."""

    policy: Policy | None
    errors: tuple[PolicyError, ...]
    warnings: tuple[PolicyWarning, ...]


def load_policy(text: str) -> LoadedPolicy:
    """Return the policy that ``text`` states, or what is wrong with it; no text raises."""
    try:
        node = compose(text)
    except UnreadableYamlError as error:
        return LoadedPolicy(policy=None, errors=(error.finding,), warnings=())
    document, errors = read(node)
    findings = list(check(document))
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
