"""DATA/prometheus-targets.json: where a Prometheus finds the metrics of the latest run, as `file_sd_configs`."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from infra.private_file import write_private
from infra.run_file import RunFile

TARGETS: Final = "prometheus-targets.json"


def write_targets(data: Path, run: RunFile) -> None:
    """Write DATA/prometheus-targets.json: each service is a job, each process an instance."""
    places = {name: f"127.0.0.1:{port}" for name, port in run.metrics_ports.items()}
    if run.auditor_url is not None:
        places["auditor-0"] = urlsplit(run.auditor_url).netloc
    targets = [
        {"targets": [place], "labels": {"job": f"warmline-{name.rpartition('-')[0]}", "instance": name}}
        for name, place in places.items()
    ]
    write_private(data / TARGETS, msgspec.json.format(msgspec.json.encode(targets), indent=2).decode() + "\n")
