from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec.inspect as types

from shared.contracts.policy import Policy

REFERENCE = Path(__file__).parents[2] / "docs" / "policy.md"


def test_every_field_of_the_contract_is_in_the_reference() -> None:
    reference = REFERENCE.read_text(encoding="utf-8")
    assert {name for name in field_names(types.type_info(Policy)) if f"`{name}`" not in reference} == set()


def field_names(kind: types.Type) -> Iterator[str]:
    match kind:
        case types.DataclassType():
            for field in kind.fields:
                yield field.name
                yield from field_names(field.type)
        case types.Metadata():
            yield from field_names(kind.type)
        case types.VarTupleType():
            yield from field_names(kind.item_type)
        case types.UnionType():
            for option in kind.types:
                yield from field_names(option)
        case types.DictType():
            yield from field_names(kind.key_type)
            yield from field_names(kind.value_type)
        case types.LiteralType():
            yield from map(str, kind.values)
