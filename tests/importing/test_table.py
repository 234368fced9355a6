from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.importing.table import Table
from infra.mapping_file import read_mapping
from infra.operator_error import OperatorError
from services.ingest.hook_formats import FORMATS
from services.ingest.platforms.mailing_list import member_id
from services.ingest.platforms.reading import Delivery, EventRule, HookSettings
from shared.contracts.member_events import Attended, Posted
from tests.importing.exported import ReadExport
from tests.importing.exported import read as read_export
from tests.sources.reading import ARRIVED

MAPPING = """\
- kind: attended
  when: "\\"Checked in\\" == 'yes'"
  time: join('', [Date, 'T18:00:00Z'])
  id: join(':', ['attended', Event, Email])
  fields: {member: {id: Email, name: Name}, gathering: Event}
- kind: posted
  when: Text
  time: to_number(Date)
  fields: {member: {id: Name}, conversation: Event, message: Event, text: Text}
"""


@pytest.fixture
def rules(tmp_path: Path) -> tuple[EventRule, ...]:
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    return read_mapping(tmp_path / "mapping.yaml")


def read(rules: tuple[EventRule, ...], table: str, delimiter: str = ",") -> ReadExport:
    return read_export(Table(platform="meetups", rules=rules, key="k", delimiter=delimiter), {"list.csv": table})


def test_rows_become_what_the_mapping_says_and_no_address_is_kept(rules: tuple[EventRule, ...]) -> None:
    result = read(
        rules,
        "\ufeffName,Email,Event,Date,Checked in,Text\r\n"
        '"Byron, Ada",ada@example.org,call-7,2026-11-20,yes,\r\n'
        'bo,,t1,1763625600,,"two\r\nlines"\r\n'
        "cleo,cleo@example.org,call-7,2026-11-20,no,\r\n",
    )
    attended, posted = result.facts
    assert isinstance(attended.data, Attended)
    assert attended.time.isoformat() == "2026-11-20T18:00:00+00:00"
    assert (attended.data.member.name, attended.data.gathering) == ("Byron, Ada", "call-7")
    assert attended.data.member.id == member_id("ada@example.org", "k")
    assert "example.org" not in repr(result.facts)
    assert isinstance(posted.data, Posted)
    assert (posted.data.text, posted.id) == ("two\r\nlines", "post:t1:1")
    assert [each.place for each in result.found] == ["line 2", "line 4"]
    assert result.why == {"list.csv, line 5": "no rule of the mapping applies"}


@pytest.mark.parametrize("cell", ["ada@example.org", "Ada <ada@example.org>", "mailto:ADA@example.org"])
def test_an_address_becomes_what_stands_for_its_owner_however_it_is_written(
    rules: tuple[EventRule, ...], cell: str
) -> None:
    (attended,) = read(rules, f"Email,Event,Date,Checked in\n{cell},call-7,2026-11-20,yes\n").data
    assert attended.member.id == member_id("ada@example.org", "k")


def test_an_address_within_a_text_is_left_out(rules: tuple[EventRule, ...]) -> None:
    (posted,) = read(rules, "Name,Event,Date,Text\nada,t1,1763625600,write me: ada@example.org\n").data
    assert posted.text == "write me: [address]"


def test_a_long_cell_does_not_end_the_table(rules: tuple[EventRule, ...]) -> None:
    long = "x" * 200_000
    assert len(read(rules, f"Name,Event,Date,Text\nada,t1,1763625600,{long}\nada,t2,1763625600,hi\n").found) == 2


def test_a_row_that_a_rule_cannot_read_is_skipped_with_its_line(rules: tuple[EventRule, ...]) -> None:
    result = read(rules, "Name;Event;Date;Text\nada;t1;soon;hi\nada;t1;1763625600;hi\n;t1;1763625600;hi\n", ";")
    assert result.why["list.csv, line 2"] == (
        "mapping[1].time finds neither a time with its zone nor seconds since 1970"
    )
    assert result.why["list.csv, line 4"] == "mapping[1], member.id: is required: add it"
    assert len(result.found) == 1


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("", "not CSV: it is empty"),
        ("a,b\n" + "x" * 1_000_001, "not CSV: a line is longer than 1000000 bytes"),
        (
            "Name,Text\nada,hi\n" + '"' + ("x" * 200_000 + "\n") * 6,
            "not CSV after line 2: field larger than field limit",
        ),
    ],
)
def test_what_is_no_table_says_so(rules: tuple[EventRule, ...], table: str, why: str) -> None:
    assert read(rules, table).why["list.csv"].startswith(why)


def test_a_rule_without_a_time_is_refused() -> None:
    rule = EventRule(kind="joined", fields={"member": {"id": "a"}})
    with pytest.raises(OperatorError, match=r"rule \[0\] has no time"):
        read((rule,), "a\n1\n")


@pytest.mark.parametrize("platform", ["mastodon", "mattermost", "telegram"])
def test_what_a_platform_without_an_export_told_comes_by_a_table_as_the_same_event(
    platform: str, rules: tuple[EventRule, ...]
) -> None:
    """A table of what a bot kept, say: with the same source, the webhook's message is known."""
    headers, body = FORMATS[platform].sample
    told = FORMATS[platform].read(Delivery(headers=headers, body=body, arrived=ARRIVED), HookSettings(private=("*",)))
    assert isinstance(told, tuple)
    [fact] = told
    assert isinstance(fact.data, Posted)
    row = f"{fact.data.member.id},{fact.data.conversation},{fact.time.timestamp()},{fact.data.text}"
    by_table = [rule for rule in rules if rule.kind == "posted"]
    [same] = read(tuple(by_table), f"Name,Event,Date,Text\r\n{row}\r\n").facts
    assert (same.id, same.time) == (fact.id, fact.time)


@given(st.text())
def test_no_table_crashes_the_reader(table: str) -> None:
    rule = EventRule(kind="posted", time="a", fields={"member": {"id": "a"}, "text": "b"})
    read((rule,), "a,b\n" + table.encode("utf-8", "replace").decode())
