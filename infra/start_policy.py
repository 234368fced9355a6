"""The care policy that is put into force when Warmline starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.ingest_client import IngestClient
from infra.operator_error import OperatorError
from shared.contracts.policy import Policy
from shared.policy.load import default_policy_text, load_policy

_REMEMBERED: Final = "policy.adopted"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPolicy:
    """A policy file of one DATA, checked before anything starts."""

    file: Path
    policy: Policy
    digest: str
    remembered_in: Path

    @classmethod
    def read(cls, data: Path, file: Path | None) -> StartPolicy:
        """Return the policy in ``file``, by default DATA/policy.yaml, written from the commented default when missing.

        Raises OperatorError that names line, field and fix of everything that is wrong in it.
        """
        chosen = file or data / "policy.yaml"
        if file is None and not chosen.exists():
            chosen.write_text(default_policy_text(), encoding="utf-8")
        try:
            text = chosen.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise OperatorError(f"The policy {chosen} cannot be read: {error}") from error
        loaded = load_policy(text)
        if loaded.policy is None:
            problems = "\n".join(
                f"  {chosen}:{one.line} {one.field}: {one.problem}. Fix: {one.fix}" for one in loaded.errors
            )
            raise OperatorError(f"The care policy is wrong, so nothing was started:\n{problems}")
        return cls(
            file=chosen,
            policy=loaded.policy,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            remembered_in=data / _REMEMBERED,
        )

    async def adopt(self, ingest: IngestClient) -> str | None:
        """Put it into force unless this very file was at an earlier start; return its version if it was done now.

        A policy that was adopted by command since then stays in force until the file changes.
        """
        if self.remembered_in.exists() and self.remembered_in.read_text(encoding="utf-8").strip() == self.digest:
            return None
        version = await ingest.adopt(self.policy)
        self.remembered_in.write_text(f"{self.digest}\n", encoding="utf-8")
        return version


def keep_policy_in_force(data: Path) -> None:
    """Let the default policy, which is written into a DATA that has none, not be adopted over those in the database."""
    if not (data / _REMEMBERED).exists():
        digest = hashlib.sha256(default_policy_text().encode()).hexdigest()
        (data / _REMEMBERED).write_text(f"{digest}\n", encoding="utf-8")
