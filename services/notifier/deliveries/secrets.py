"""The secrets that deliveries are signed with: one file for each integrator, in a folder of their own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from standardwebhooks.webhooks import Webhook

from shared.settings import ServiceSettings

FOLDER: Final = "WARMLINE_INTEGRATOR_SECRETS"


class SecretMissingError(Exception):
    """There is no secret, or none that can be used; the text says where it is looked for and how to mend it."""


class IntegratorSecrets:
    """Reads ``<folder>/<organisation>.<integrator>`` anew each time, so that a changed secret holds at once."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @classmethod
    def from_env(cls, settings: ServiceSettings, environ: Mapping[str, str] | None = None) -> IntegratorSecrets:
        """Return the secrets in the folder that the environment names, else in that of the data folder."""
        named = (os.environ if environ is None else environ).get(FOLDER)
        if named:
            return cls(Path(named))
        return cls(settings.data / "integrators" if settings.data else None)

    def of(self, organisation: str, integrator: str) -> Webhook:
        """Return what signs the integrator's deliveries; raises SecretMissingError."""
        if self._folder is None:
            raise SecretMissingError(f"no folder of secrets is known: set {FOLDER}")
        file = self._folder / f"{organisation}.{integrator}"
        try:
            return Webhook(file.read_text(encoding="ascii").strip())
        except FileNotFoundError:
            raise SecretMissingError(
                f"there is no secret for it: write the one you share with it (whsec_ and base64) to {file}, or make "
                f"one: warmline integrators secret {integrator} --organisation {organisation}"
            ) from None
        except (OSError, ValueError, RuntimeError) as error:
            raise SecretMissingError(f"{file} holds no secret (whsec_ and base64): {error}") from error
