"""What was stored and published before evidence named its event's trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from dataclasses import replace as replaced
from typing import Any

import msgspec

from shared.contracts.needs_touch import Evidence


def untraced(sample: Any) -> Any:
    """Return ``sample`` without any trace in its evidence."""
    if isinstance(sample, Evidence):
        return msgspec.structs.replace(sample, traceparent=None)
    if isinstance(sample, tuple):
        return tuple(untraced(one) for one in sample)
    if isinstance(sample, msgspec.Struct):
        names = sample.__struct_fields__
        return msgspec.structs.replace(sample, **{name: untraced(getattr(sample, name)) for name in names})
    if is_dataclass(sample) and not isinstance(sample, type):
        return replaced(sample, **{one.name: untraced(getattr(sample, one.name)) for one in fields(sample)})
    return sample


def before_traces(samples: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return each of those samples as it was, under the next free number."""
    earlier = {}
    for name in names:
        number = 1 + sum(known.startswith(f"{name}#") for known in samples)
        earlier[f"{name}#{number}"] = untraced(samples[name])
    return earlier
