"""Whatever fits or does not fit the OpenAPI documents, a running system answers as they say: no 5xx, no stack trace."""

from __future__ import annotations

import json
import string
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.running_system import TOKEN, RunningSystem
from tests.fuzzing.effort import seconds, seed
from tests.waiting import until

_HERE = Path(__file__).parent
_NOT_CHECKED = (
    "positive_data_acceptance",  # what has the right form may still name what there is not: that is a 4xx
    "allow_header_conformance",  # Litestar names in Allow the methods of one handler only
)


def conforms(url: str, config: str, folder: Path) -> None:
    """Try the system at ``url`` by its document; fails with what schemathesis says."""
    file = folder / "schemathesis.toml"
    file.write_text(config, encoding="utf-8")
    time = seconds(10)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(file), "--no-color"),
            *("run", f"{url}/schema/openapi.json", "-H", f"Authorization: Bearer {TOKEN}"),
            *(
                "--exclude-checks",
                ",".join(_NOT_CHECKED),
                *("--max-time", str(time)),
                *("--seed", str(seed())),
                "--request-timeout",
                "20",
                "--warnings",
                "off",
            ),
            *("--max-failures", "20", "--output-truncate", "true"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=2 * time + 90,
        check=False,
    )
    said = "\n".join(line if len(line) < 2000 else f"{line[:2000]} …" for line in run.stdout.splitlines())
    assert run.returncode == 0, said + run.stderr


def nothing_broke(system: RunningSystem) -> None:
    """All that was accepted is folded, and no process tells of an error."""
    for log in (system.data / "logs").glob("*.log"):
        for line in log.read_text(encoding="utf-8").splitlines():
            level = json.loads(line).get("level") if line.startswith("{") else None
            assert level not in {"error", "critical"}, f"{log.name}: {line}"
    verified = system.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    until(lambda: system.command("status").returncode == 0, seconds=60, what="warmline status")


def test_ingest_answers_as_its_document_says(system: RunningSystem, tmp_path: Path) -> None:
    conforms(system.run.ingest_url, (_HERE / "ingest.toml").read_text(encoding="utf-8"), tmp_path)
    nothing_broke(system)


def test_the_api_answers_as_its_document_says(system: RunningSystem, tmp_path: Path) -> None:
    items = system.get("/api/v1/queue")["items"]
    known = {
        "touches": json.dumps([item["id"] for item in items])[1:-1],
        "members": json.dumps([item["member"]["key"] for item in items])[1:-1],
    }
    config = string.Template((_HERE / "api.toml").read_text(encoding="utf-8")).substitute(known)
    conforms(system.run.desk_url, config, tmp_path)
    nothing_broke(system)
