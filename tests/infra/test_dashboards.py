"""What Grafana is given is what stands in infra/observability/dashboards, and Grafana's schema knows all of it."""

from __future__ import annotations

import json
import re

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from infra.observability.dashboards.board import Board
from infra.observability.dashboards.boards import BOARDS, FOLDER
from infra.observability.dashboards.grafana import grafana_json
from tests.ops.dashboards_page import PAGE, cell

boards = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)


@boards
def test_the_file_is_what_the_command_writes(board: Board) -> None:
    written = (FOLDER / f"{board.name}.json").read_text(encoding="utf-8")
    assert written == grafana_json(board), "run: python -m infra.observability.dashboards"


def test_there_is_no_other_file() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == {board.name for board in BOARDS}


@boards
def test_read_by_grafanas_schema_and_written_again_it_is_the_same(board: Board) -> None:
    written = json.loads(grafana_json(board))
    assert json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder)) == written


@boards
def test_panels_fill_the_width_side_by_side(board: Board) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(grafana_json(board))["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


@boards
def test_every_panel_says_what_it_shows(board: Board) -> None:
    titles = [panel.title for row in board.rows for panel in row.panels]
    assert len(set(titles)) == len(titles)
    for row in board.rows:
        for panel in row.panels:
            assert panel.meaning.endswith("."), panel.title
            assert all(query.legend or len(panel.queries) == 1 for query in panel.queries), panel.title


@boards
def test_the_page_has_every_panel_with_its_query_and_what_it_gave(board: Board) -> None:
    rows = re.findall(r"^\| (.*?) \| (`.*`) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {query: gave for _, query, gave in rows}
    for row in board.rows:
        for panel in row.panels:
            assert any(title.startswith(f"**{panel.title}**") for title, _, _ in rows), panel.title
            for query in panel.queries:
                assert told.get(cell(query.expr)), "run: python -m tests.ops.dashboards_page"
