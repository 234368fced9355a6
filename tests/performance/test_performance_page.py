"""What docs/performance.md says is what the kept results say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.chart import rates_chart, targets_chart
from benchmarks.disk import steady
from benchmarks.profile import table
from benchmarks.report import CHARTS, DOCS, PAGE, SIZING, page_part, page_with
from benchmarks.results import Results, RowResult, Sample, keep, newest_file, read
from benchmarks.rounds import Rounds, interleaved
from benchmarks.sizing import sizing_lines
from benchmarks.targets import DETAILS, TARGETS


def _row(row: str, **figures: float) -> RowResult:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return RowResult(row=row, at=at, rounds=5, discarded=0, sizes={}, figures=figures)


def test_the_page_and_its_charts_are_what_the_report_writes() -> None:
    newest = newest_file()
    assert newest is not None
    results = read(newest)
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with(page, page_part(results)), "run: python -m benchmarks.report --write"
    assert "\n".join(sizing_lines(results)) in SIZING.read_text(encoding="utf-8"), "and so does the page on sizing"
    for name, draw in CHARTS.items():
        assert (DOCS / name).read_text(encoding="utf-8") == draw(results), "run: python -m benchmarks.report --write"


def test_every_figure_that_is_kept_is_shown() -> None:
    newest = newest_file()
    assert newest is not None
    known = {target.name for target in TARGETS} | DETAILS.keys()
    assert {name for row in read(newest).rows.values() for name in row.figures} <= known


def test_a_row_that_was_not_measured_is_said_to_be_so() -> None:
    part = page_part(Results(machine={"processors": "2"}, rows={}))
    assert part.count("not measured") == len(TARGETS)


@pytest.mark.parametrize(("value", "judged"), [(0.95, "aim"), (0.7, "floor"), (0.2, "**not yet**")])
def test_a_measure_is_held_against_floor_and_aim(value: float, judged: str) -> None:
    results = Results(machine={}, rows={"recorder_share": _row("recorder_share", recorder=value)})
    line = next(line for line in page_part(results).splitlines() if line.startswith("| Event store"))
    assert line.endswith(f"| {value} | {judged} |")


def test_less_is_better_where_it_is() -> None:
    cold_start = next(target for target in TARGETS if target.name == "cold-start")
    assert [cold_start.judge(seconds) for seconds in (4, 5, 10, 16)] == ["aim", "aim", "floor", "missed"]


def test_charts_take_what_is_missing_and_what_is_beyond_every_bound() -> None:
    results = Results(machine={}, rows={"memory": _row("memory", **{"memory": 9e9, "memory-growth": -3.0})})
    assert "not measured" in targets_chart(results)
    assert rates_chart(results).endswith("</svg>\n")


def test_rows_of_another_run_stay(tmp_path) -> None:
    file = tmp_path / "results" / "day.json"
    keep(file, [_row("memory", memory=100)])
    keep(file, [_row("pages", **{"queue-page": 3.0})])
    keep(file, [_row("memory", memory=90)])
    kept = read(file).rows
    assert kept["memory"].figures == {"memory": 90}
    assert kept["pages"].figures == {"queue-page": 3.0}


def test_a_disk_that_was_another_spoils_the_round() -> None:
    assert steady([1.0, 1.1, 4.0, 0.9, 0.2]) == [True, True, False, True, False]


async def test_contestants_take_turns(tmp_path) -> None:
    order: list[str] = []

    def way(name: str, rates: list[int]):
        async def run() -> Sample:
            order.append(name)
            return Sample(events=rates.pop(0), seconds=1.0, cpu=0.1)

        return run

    many = 20  # a round in which the disk was another than in the others is run again
    found = await interleaved(
        {"ours": way("ours", [10] * many), "bare": way("bare", [20] * many)}, 3, tmp_path, lambda _: None
    )
    assert order[:4] == ["ours", "bare", "bare", "ours"]
    assert found.ratio("ours", "bare") == 0.5


def test_a_ratio_is_of_the_same_round() -> None:
    def samples(*rates: int) -> list[Sample]:
        return [Sample(events=rate, seconds=1.0, cpu=0.1) for rate in rates]

    found = Rounds(samples={"ours": samples(10, 90, 40), "bare": samples(20, 100, 80)}, discarded=0)
    assert found.ratio("ours", "bare") == 0.5


def test_a_profile_tells_own_time_from_that_of_what_is_called() -> None:
    here = "run (services/triage/main.py:1);fold (shared/partition/folding.py:2)"
    lines = table([f"{here} 30", f"{here};digest (/x/lib/python3.11/site-packages/lib/names.py:7) 70", "no sample"])
    assert lines[:3] == [
        "In the function itself",
        "   70.0%  lib/names.py digest",
        "   30.0%  shared/partition/folding.py fold",
    ]
    assert lines[-1] == "   70.0%  lib/names.py digest"


def test_whoever_chooses_a_machine_reads_what_was_measured() -> None:
    line = _row("whole_pipeline", **{"pipeline": 3593.1, "pipeline-cpu": 428.8, "pipeline-fsyncs": 13.9})
    much = RowResult(
        row="much_stored",
        at=line.at,
        rounds=1,
        discarded=0,
        sizes={"stored at the end": 540_000},
        figures={"memory-triage": 245.9, "disk-history": 0.654},
    )
    told = "\n".join(sizing_lines(Results(machine={}, rows={line.row: line, much.row: much})))
    assert "429 µs" in told
    assert "3,590 events a second" in told
    assert "With 540,000 events stored" in told
    assert "| triage | 246 |" in told
    assert "| PostgreSQL: the history | 0.65 |" in told
