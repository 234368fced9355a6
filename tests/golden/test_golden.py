"""What is stored or published keeps its form: bytes that were written once are written so, and read, for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from shared.contracts.policy import Hours, Policy
from tests.golden.forms import FILES, SERVICES, Form, expected_names, forms

FORMS = list(forms())
WRITE_NEW = "python -m tests.golden.write_new"


def named(form: Form) -> str:
    return f"{form.folder}/{form.name}"


def test_every_form_has_a_sample_and_every_sample_a_form() -> None:
    assert {(form.folder, form.type_name) for form in FORMS} == set(expected_names())


def test_every_file_has_a_sample() -> None:
    assert {path.relative_to(FILES) for path in FILES.rglob("*.json")} - {
        form.file.relative_to(FILES) for form in FORMS
    } == set(), "a form that was stored once must be readable for ever: keep its sample"


@pytest.mark.parametrize("form", [form for form in FORMS if not form.earlier], ids=named)
def test_it_is_written_as_ever(form: Form) -> None:
    assert form.file.exists(), f"{form.name} is new: write its file with `{WRITE_NEW}`"
    assert form.encode(form.sample) == form.file.read_bytes(), (
        f"{form.name} is written differently now. A changed meaning needs a new type. For an added optional field, "
        f"rename file and sample to {form.name}#1 and write the new file with `{WRITE_NEW}`."
    )


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_it_is_read_as_ever(form: Form) -> None:
    assert form.decode(form.file.read_bytes()) == form.sample


@pytest.mark.parametrize("form", [form for form in FORMS if form.folder in SERVICES], ids=named)
def test_what_is_written_or_published_again_has_lost_nothing(form: Form) -> None:
    """What this build itself or an earlier one has stored never halts it."""
    codec, stored = SERVICES[form.folder][0], form.file.read_bytes()
    if form.type_name.startswith("state."):
        stream = f"{form.type_name.removeprefix('state.')}:any"
        assert codec.resume_state(stream, stored)[0] == form.sample
    else:
        kept = StoredEvent(originator_id="any", originator_version=1, topic=form.type_name, state=stored)
        assert codec.whole_event(kept).event == form.sample


@pytest.mark.parametrize("form", [form for form in FORMS if not form.earlier], ids=named)
def test_its_sample_leaves_no_field_out(form: Form) -> None:
    assert list(left_out(form.sample, form.name)) == []


def left_out(sample: Any, path: str) -> Any:
    """Return the optional fields that are as if they had not been given."""
    if isinstance(sample, (tuple, list)):
        for one in sample:
            yield from left_out(one, path)
    for name, optional in fields_of(sample):
        value, where = getattr(sample, name), f"{path}.{name}"
        if optional and name != "specversion" and (value is None or value in ((), {}, "")):
            yield where
        yield from left_out(value, where)


def fields_of(sample: Any) -> Iterator[tuple[str, bool]]:
    """Return the names of the fields, and whether each may be left out."""
    if is_dataclass(sample):
        for field in fields(sample):
            yield field.name, field.default is not MISSING or field.default_factory is not MISSING
    elif isinstance(sample, msgspec.Struct):
        for each in msgspec.structs.fields(sample):
            yield each.name, not each.required


def test_a_default_of_the_policy_is_written_as_it_is_read_back() -> None:
    """A whole number as the default of a fraction would change the bytes of states at the first restart."""
    hours = Hours(timezone="UTC", days={"monday": ("09:00-17:00",)})
    plain = Policy(organisation="harbour", hours=hours, responders=())
    written = msgspec.json.encode(plain)
    assert msgspec.json.encode(msgspec.json.decode(written, type=Policy)) == written
