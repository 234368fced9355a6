"""Where the embedded PostgreSQL of one DATA keeps its files, and whether they belong together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.embedded.account import Account, postgres_account
from infra.embedded.postgres_binaries import major_version
from infra.operator_error import OperatorError

SHARED_FOLDER = Path("/var/lib/warmline")
"""For root only: every folder above it is open to the account that PostgreSQL runs under."""

_README = """\
This folder is the DATA of one Warmline. It belongs together: copy, move or delete it only as a whole,
while Warmline is stopped.

  nats/         the streams: everything that happened
  secrets/      passwords of the embedded servers
  logs/         one log for each process
  token         the administrator's token, unless WARMLINE_TOKEN is set
  email.key     under it e-mail addresses of members become what stands for them: keep it
  run.json      the addresses of the latest run
  prometheus-targets.json  where a Prometheus finds its metrics

PostgreSQL's data is part of it and is in
  {directory}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPlace:
    """One DATA's PostgreSQL: its data directory and the account that owns it (None: the current user)."""

    data: Path
    directory: Path
    account: Account | None

    @property
    def _record(self) -> Path:
        return self.data / "postgres.path"

    def made(self) -> bool:
        """Whether the data directory was made by an earlier start of this DATA.

        Raises OperatorError if it is not where it was left, or is of another major version.
        """
        if not self._record.exists():
            return False
        recorded = Path(self._record.read_text(encoding="utf-8").strip())
        if recorded != self.directory:
            raise OperatorError(
                f"The PostgreSQL data of {self.data} was made in {recorded}, but now belongs in {self.directory}: "
                "DATA was moved or copied, or is started by another user. Start it from where it was and as who "
                f"started it; or, while Warmline is stopped, move that directory here and write this path into "
                f"{self._record}."
            )
        if not (recorded / "PG_VERSION").exists():
            raise OperatorError(
                f"The PostgreSQL data of {self.data} is missing: {recorded} is not there. "
                f"Restore it from a backup; or delete {self.data} to begin with nothing."
            )
        made_by = (recorded / "PG_VERSION").read_text(encoding="utf-8").strip()
        if made_by != major_version():
            raise OperatorError(
                f"{recorded} was made by PostgreSQL {made_by}, and this Warmline brings PostgreSQL "
                f"{major_version()}, which cannot read it. Install the Warmline release that made it, or move the "
                "data over with pg_dumpall and psql."
            )
        return True

    def set_aside(self) -> Path | None:
        """Rename a data directory that no record of this DATA claims: it is from a DATA deleted earlier."""
        if not self.directory.exists():
            return None
        aside = self.directory.with_name(f"postgres.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        self.directory.rename(aside)
        return aside

    def record(self) -> None:
        """Note in DATA that the data directory is made, and for people what is where."""
        (self.data / "README.txt").write_text(_README.format(directory=self.directory), encoding="utf-8")
        self._record.write_text(f"{self.directory}\n", encoding="utf-8")
        if self.account is not None:
            note = f"{self.directory} holds the PostgreSQL data of the Warmline in\n{self.data}\n"
            (self.directory.parent / "README.txt").write_text(note, encoding="utf-8")


def postgres_place(data: Path) -> PostgresPlace:
    """Find the place for `data`: inside it, or for root in SHARED_FOLDER, since PostgreSQL refuses to run as root."""
    data, account = data.resolve(), postgres_account()
    if account is None:
        return PostgresPlace(data=data, directory=data / "postgres", account=None)
    digest = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    return PostgresPlace(data=data, directory=SHARED_FOLDER / digest / "postgres", account=account)
