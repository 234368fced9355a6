"""`warmline source` against a running ingest, as an operator and as a script use it."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from ingest_world import TOKEN, World
from typer.testing import CliRunner

from infra.cli.main import app

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def warmline(world: World, *arguments: str, **environment: str) -> Result:
    env = {"WARMLINE_INGEST_URL": world.ingest.url, "WARMLINE_TOKEN": TOKEN, "COLUMNS": "300", **environment}
    return await asyncio.to_thread(CliRunner().invoke, app, ["source", *arguments], env=env)


async def added(world: World, *more: str, **environment: str) -> tuple[str, Result]:
    community = await world.new_community()
    options = ["--platform", "github", "--name", "repo", "--community", community, *more]
    return community, await warmline(world, "add", *options, **environment)


async def test_a_source_is_connected_tried_paused_rotated_and_removed(world: World) -> None:
    community, told = await added(world, "--url", "https://warmline.example.org/")
    assert told.exit_code == 0, told.stderr
    assert f"Payload URL: https://warmline.example.org/v1/hooks/{community}/github/repo" in told.stdout
    assert re.search(r"Secret: [0-9a-f]{64}\n", told.stdout)
    here = ("github", "repo", "--community", community)
    tried = await warmline(world, "test", *here)
    assert tried.exit_code == 0, tried.stderr
    assert "It arrives, and is believed" in tried.stdout
    assert "posted post:1/1:1" in tried.stdout
    assert await world.stored(community) == []
    rotated = await warmline(world, "rotate-secret", *here)
    assert re.fullmatch(r"[0-9a-f]{64}\n", rotated.stdout)
    again = await warmline(world, "rotate-secret", *here)
    assert again.exit_code == 1
    assert f"warmline source rotate-secret github repo --community {community} --finish" in again.stderr
    assert (await warmline(world, "pause", *here)).exit_code == 0
    [row] = [
        row for row in json.loads((await warmline(world, "list", "--json")).stdout) if row["community"] == community
    ]
    assert (row["format"], row["rotating"], bool(row["paused_at"])) == ("github", True, True)
    shown = [line for line in (await warmline(world, "list")).stdout.splitlines() if community in line]
    assert "paused" in shown[0]
    tried = await warmline(world, "test", *here)
    assert (tried.exit_code, "is believed" in tried.stdout) == (1, True)
    assert "Nothing is taken now: the source /github/repo is paused: warmline source resume" in tried.stdout
    assert (await warmline(world, "rotate-secret", *here, "--finish")).exit_code == 0
    assert (await warmline(world, "resume", *here)).exit_code == 0
    assert (await warmline(world, "remove", *here)).exit_code == 0
    gone = await warmline(world, "test", *here)
    assert (gone.exit_code, gone.stderr) == (
        1,
        "Error: There is no source /github/repo. Look with: warmline source list\n",
    )


async def test_a_secret_comes_from_a_file_or_the_environment_and_is_not_printed(world: World, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    options = ("--format", "slack", "--site", "https://acme.slack.com")
    for more, environment in ((("--secret-file", str(file)), {}), ((), {"WARMLINE_SOURCE_SECRET": "from-outside"})):
        community, told = await added(world, *options, *more, **environment)
        assert told.exit_code == 0, told.stderr
        assert "from-" not in told.stdout
        tried = await warmline(world, "test", "github", "repo", "--community", community)
        assert "posted post:C1:1795335300.000100:1" in tried.stdout


async def test_a_mapping_is_checked_before_anything_is_added(world: World, tmp_path: Path) -> None:
    file = tmp_path / "forum.yaml"
    file.write_text("- {kind: joined, time: at, fields: {member: {id: 'who['}}}\n")
    _, told = await added(world, "--format", "standard-webhooks", "--mapping", str(file))
    assert told.exit_code == 1
    assert f"Error: {file}, [0].fields.member.id: " in told.stderr
    file.write_text("- {kind: joined, time: at, fields: {member: {id: who}}}\n")
    _, told = await added(world, "--format", "standard-webhooks", "--mapping", str(file))
    assert told.exit_code == 0, told.stderr
    assert "whsec_" in told.stdout


async def test_a_script_is_told_which_option_is_missing(world: World) -> None:
    for options, why in (
        ((), "--platform is missing"),
        (("--platform", "discourse", "--name", "a", "--community", "b"), "--public is missing: the numbers"),
        (("--platform", "slack", "--name", "a", "--community", "b"), "--secret-file is missing: the app's"),
        (("--platform", "Slack!"), "--platform is 'Slack!': write 1 to 40 of a-z, 0-9 and '-'."),
        (("--platform", "github", "--name", "a", "--community", "b", "--site", "forum"), "--site must begin with"),
    ):
        told = await warmline(world, "add", *options)
        assert told.exit_code == 1
        assert why in told.stderr


async def test_what_of_a_sample_would_be_refused_is_told(world: World, tmp_path: Path) -> None:
    file = tmp_path / "forum.yaml"
    file.write_text("""- {kind: joined, time: "'1980-01-01T12:00:00Z'", fields: {member: {id: "'7'"}}}\n""")
    community, told = await added(world, "--format", "standard-webhooks", "--mapping", str(file))
    assert told.exit_code == 0, told.stderr
    tried = await warmline(world, "test", "github", "repo", "--community", community)
    assert (tried.exit_code, "would be refused: time:" in tried.stdout) == (1, True), tried.stdout


async def test_a_source_without_a_webhook_has_a_token(world: World) -> None:
    community, told = await added(world, "--format", "cloudevents")
    token = re.search(r"wl_\S+", told.stdout)
    assert token is not None
    async with world.client(token[0]) as client:
        assert (await client.post("/v1/events", json=[])).status_code == 200
    tried = await warmline(world, "test", "github", "repo", "--community", community)
    assert (tried.exit_code, "which its sender alone has: have it send an event" in tried.stderr) == (1, True)
