"""The published documents are those of this build, and what is published keeps to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from typer.testing import CliRunner

from infra.cli.main import app
from infra.contract_documents import ASYNCAPI, asyncapi, contract_documents
from shared.contracts.commands import COMMAND_TYPES
from shared.contracts.schemas import command_name, schemas
from shared.contracts.subjects import (
    AUDIT_REPORT,
    alarm_subject,
    command_subject,
    member_event_subject,
    needs_touch_subject,
    touch_fact_subject,
)
from tests.golden.forms import PUBLISHED, Form, forms

COMMITTED = Path(__file__).parents[2] / "docs" / "contracts"
DOCUMENT = asyncapi()
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in schemas().values()
)
SAMPLES = [form for form in forms() if form.folder == "contracts" and not form.earlier]


def test_the_committed_files_are_up_to_date() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.glob("*.json")}
    assert committed == contract_documents(), "write them anew: warmline contracts docs/contracts"


def test_the_command_writes_them(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["contracts", str(tmp_path / "new")])
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "new").iterdir()} == contract_documents().keys()


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(app, ["contracts", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert "cannot be written" in result.output


def test_everything_published_has_a_schema() -> None:
    assert schemas().keys() == PUBLISHED | {"member-event"}


@pytest.mark.parametrize("schema", schemas().values(), ids=schemas().keys())
def test_the_schemas_are_schemas(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("form", SAMPLES, ids=[form.name for form in SAMPLES])
def test_what_is_published_keeps_to_its_schema(form: Form) -> None:
    payload = (
        DOCUMENT["components"]["messages"][form.name]["payload"]["schema"]
        if form.name in DOCUMENT["components"]["messages"]
        else schemas()[form.name]
    )
    validator = Draft202012Validator(payload, registry=REGISTRY)
    body = json.loads(form.file.read_bytes())
    validator.validate(body)
    assert not validator.is_valid({})


def test_the_document_is_asyncapi_3() -> None:
    ApplicationSchema.model_validate(DOCUMENT)
    assert contract_documents()[ASYNCAPI].startswith('{\n  "asyncapi": "3.0.0"')


def test_every_reference_leads_somewhere() -> None:
    documents = contract_documents()
    for reference in references(DOCUMENT):
        file, _, pointer = reference.partition("#")
        target: Any = json.loads(documents[file]) if file else DOCUMENT
        for part in pointer.strip("/").split("/") if pointer else ():
            target = target[part]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@pytest.mark.parametrize(
    ("channel", "subject"),
    [
        ("MEMBER_EVENTS", member_event_subject("acme", "discord", "posted", 4)),
        ("TOUCHES", needs_touch_subject("acme", "everyone", "welcome")),
        ("TOUCH_FACTS", touch_fact_subject("acme", "held")),
        ("commands", command_subject("harbour", "claim", 4)),
        ("alarms", alarm_subject("stream-missing")),
        ("audit", AUDIT_REPORT),
    ],
)
def test_the_addresses_are_those_of_the_subjects(channel: str, subject: str) -> None:
    address = DOCUMENT["channels"][channel]["address"]
    parts = re.split(r"\{\w+\}", address)
    assert re.fullmatch(r"[a-z0-9-]+".join(map(re.escape, parts)), subject)
    assert DOCUMENT["channels"][channel]["parameters"].keys() == set(re.findall(r"\{(\w+)\}", address))


def test_every_command_is_in_the_document() -> None:
    assert DOCUMENT["channels"]["commands"]["messages"].keys() == {command_name(verb) for verb in COMMAND_TYPES}
