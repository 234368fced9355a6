"""Where commands find the running system, and to whom they may tell the administrator's token."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.operator_error import OperatorError
from infra.running_system import running_desk, running_system

TOKEN = "t" * 40


@pytest.mark.parametrize("url", ["https://desk.example.org", "http://127.0.0.1:8080", "http://projections:8080"])
def test_a_system_elsewhere_is_named_by_variables_of_commands(tmp_path: Path, url: str) -> None:
    environ = {"WARMLINE_API_URL": f"{url}/", "WARMLINE_INGEST_URL": url, "WARMLINE_TOKEN": TOKEN}
    assert running_desk(tmp_path, environ).url == url
    assert (running_system(tmp_path, environ).ingest_url, running_system(tmp_path, environ).token) == (url, TOKEN)


@pytest.mark.parametrize(
    "url", ["http://desk.example.org", "http://10.0.0.7:8080", "http://[fd00::7]", "http://167772167"]
)
def test_the_token_goes_nowhere_unencrypted(tmp_path: Path, url: str) -> None:
    with pytest.raises(OperatorError, match=r"WARMLINE_API_URL is .* unencrypted"):
        running_desk(tmp_path, {"WARMLINE_API_URL": url, "WARMLINE_TOKEN": TOKEN})


def test_where_notices_link_to_is_no_address_for_commands(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="No Warmline runs"):
        running_desk(tmp_path, {"WARMLINE_DESK_URL": "https://desk.example.org", "WARMLINE_TOKEN": TOKEN})
