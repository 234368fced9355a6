"""`warmline policy explain`: what the policy says of one member, read from the store that triage keeps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg.sql import SQL, Identifier
from typer.testing import CliRunner

from infra.cli.main import app
from infra.provision import provision
from shared.contracts.member_events import Updated
from shared.contracts.policy import Identity, Segment
from shared.contracts.policy_rules import FadingRule
from shared.contracts.rules_of_segment import FadingOfSegment, RuleOfSegment
from shared.contracts.subjects import partition_of
from shared.contracts.warmline_facts import ContactDeclined, MemberLinked, TagGiven
from shared.topology import GIB, StreamSettings
from tests.triage.making import LONG_AGO, at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, CLEO, JONAS, asked, care_policy, joined

PARTITIONS = 2
MENTORS = Segment(name="mentors", when="member.days >= 30 && 'mentor' in member.tags")
OTHERS = Segment(name="others", platforms=("discord",))
OWN = (RuleOfSegment(segment="mentors", within_hours=1, care_load=5), RuleOfSegment(segment="others", enabled=False))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def environment(nats_url: str, database_url: str) -> AsyncIterator[dict[str, str]]:
    """A database in which triage knows a mentor who asked something, a newcomer, and one of the team."""
    unanswered = {"by_segment": OWN, "answered_by": "team"}
    fading = FadingRule(by_segment=(FadingOfSegment(segment="mentors", assumed_gap_days=30),))
    policy = care_policy(segments=(MENTORS, OTHERS), unanswered=unanswered, fading=fading)
    acme = Partition(policy, stored=LONG_AGO)
    acme.tell(joined(ADA), datetime(2020, 1, 1, tzinfo=UTC))
    acme.tell(Updated(member=ADA, tags=("mentor",)), at(0))
    ada: dict[str, Any] = {"member": Identity(platform="discord", id=ADA.id), "responder": "mira"}
    acme.tell(TagGiven(community=COMMUNITY, **ada, tag="vip"), at(0))
    until = datetime(2099, 1, 1, tzinfo=UTC)
    acme.tell(ContactDeclined(community=COMMUNITY, **ada, until=until), at(0))
    for member in (BEA, JONAS):
        acme.tell(joined(member), at(0))
    acme.tell(joined(CLEO), at(0), platform="slack")
    elsewhere = Identity(platform="slack", id=CLEO.id)
    acme.tell(MemberLinked(community=COMMUNITY, **ada, other=elsewhere, why="They told me."), at(0))
    # Who asked there is known by the log alone: Bea was heard before it.
    acme.tell(asked(BEA, "m-3", conversation="c-ada"), at(0.1))
    acme.tell(asked(ADA, "m-1", conversation="c-ada"), at(0))
    acme.tell(asked(BEA, "m-2", conversation="c-bea"), at(0))
    await provision(nats_url, database_url, PARTITIONS, StreamSettings(max_bytes=GIB))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await keep(connection, acme)
    yield {"WARMLINE_NATS_URL": nats_url, "WARMLINE_POSTGRES_URL": database_url}


async def keep(connection: psycopg.AsyncConnection[Any], acme: Partition) -> None:
    """Write what was folded in memory into the tables that triage has."""
    partition = partition_of(COMMUNITY, PARTITIONS)
    states, events, deadlines = (
        Identifier("triage", f"p{partition}_{name}") for name in ("states", "events", "deadlines")
    )
    log = [event for events in acme._log.values() for event in events]
    async with connection.cursor() as cursor:
        await cursor.executemany(
            SQL("INSERT INTO {} (stream, version, state) VALUES (%s, %s, %s)").format(states),
            [(row.stream, row.version, row.state) for row in acme._states.values()],
        )
        await cursor.executemany(
            SQL("INSERT INTO {} VALUES (%s, %s, %s, %s, %s)").format(events),
            [(e.originator_id, e.originator_version, e.topic, e.state, number) for number, e in enumerate(log, 1)],
        )
        await cursor.executemany(
            SQL("INSERT INTO {} VALUES (%s, %s, %s, %s, %s)").format(deadlines),
            [(row.stream, row.name, row.community, row.due, row.armed_at) for row in acme._deadlines.values()],
        )


def explain(environment: dict[str, str], *options: str) -> Any:
    return CliRunner().invoke(app, ["policy", "explain", *options], env={**environment, "COLUMNS": "200"})


def test_it_says_segment_conditions_rules_and_what_waits(environment: dict[str, str]) -> None:
    said = explain(environment, "--member", "discord:ada")
    assert said.exit_code == 0, said.output
    lines = [" ".join(line.split()) for line in said.stdout.splitlines()]
    assert lines[0].startswith("discord:ada in acme, by policy v1, as of ")
    assert "Segment: mentors (the first that holds)" in lines
    assert "Tags: mentor (told by the platform); vip (given by the team)." in lines
    (contact,) = (line for line in lines if line.startswith("Asked not to be contacted"))
    assert contact.startswith("Asked not to be contacted before Thu 01 Jan 2099 00:00 UTC: ")
    (mentors,) = (line for line in lines if line.startswith("→ mentors"))
    assert mentors.startswith(f"→ mentors holds {MENTORS.when} member.days: ")
    assert mentors.endswith(", member.tags: mentor, vip")
    (unanswered,) = (line for line in lines if line.startswith("unanswered on"))
    assert "within_hours 1 (for all: 4), answered_by team," in unanswered
    assert unanswered.endswith("care_load 5 (for all: 2)")
    (fading,) = (line for line in lines if line.startswith("fading on"))
    assert "at_least_days 9, assumed_gap_days 30 (for all: 14)," in fading
    assert "distress off" in lines
    assert "unanswered Mon 23 Nov 2026 10:00 UTC conversation c-ada" in lines


def test_it_says_the_same_to_programs(environment: dict[str, str]) -> None:
    said = explain(environment, "--member", "discord:bea", "--community", "acme", "--json")
    (bea,) = json.loads(said.stdout)["members"]
    assert (bea["segment"], bea["policy_version"], bea["team"]) == ("others", "v1", False)
    assert [(each["segment"], each["holds"]) for each in bea["segments"]] == [("mentors", False), ("others", True)]
    assert bea["segments"][1]["conditions"][0] == {
        "condition": "platforms: one of discord",
        "measured": {"platforms": ["discord"]},
        "holds": True,
    }
    assert bea["rules"]["unanswered"]["enabled"] is False
    assert bea["rules"]["welcome"]["within_hours"] == 8
    assert [(each["name"], each["conversation"]) for each in bea["waiting"]] == [
        ("unanswered", "c-bea"),
        ("welcome", None),
    ]


def test_a_wish_for_no_contact_is_told_of_every_identity_of_the_person(environment: dict[str, str]) -> None:
    (cleo,) = json.loads(explain(environment, "--member", f"slack:{CLEO.id}", "--json").stdout)["members"]
    assert cleo["no_contact"] == {"until": "2099-01-01T00:00:00+00:00"}
    (bea,) = json.loads(explain(environment, "--member", "discord:bea", "--json").stdout)["members"]
    assert bea["no_contact"] is None


def test_it_says_who_is_of_the_team(environment: dict[str, str]) -> None:
    assert "Speaks for the team by this policy" in explain(environment, "--member", "discord:jonas").stdout


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--member", "discord:nobody"), "No member discord:nobody is known in any community."),
        (("--member", "discord:ada", "--community", "elsewhere"), "is known in the community elsewhere."),
        (("--member", "ada"), "write platform and id, such as discord:1234"),
        (("--member", "discord:ada", "--community", "Acme!"), "--community is 'Acme!'"),
    ],
)
def test_who_is_not_found_is_said_with_what_to_write(
    environment: dict[str, str], options: tuple[str, ...], problem: str
) -> None:
    said = explain(environment, *options)
    assert said.exit_code == 1
    assert problem in " ".join(said.stderr.split())
