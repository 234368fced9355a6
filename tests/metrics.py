"""What a process tells a Prometheus, asked for as a Prometheus does."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of one scrape."""

    all: tuple[Sample, ...]
    families: frozenset[str]
    """What is named, be it without samples; a counter without its `_total`."""

    @property
    def names(self) -> set[str]:
        return {sample.name for sample in self.all}

    def of(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of that name with those labels, 0 when there is none."""
        return sum(
            sample.value for sample in self.all if sample.name == name and labels.items() <= sample.labels.items()
        )

    def label_values(self) -> set[str]:
        return {value for sample in self.all for value in sample.labels.values()}


def samples_at(url: str) -> Samples:
    """Scrape ``url``."""
    text = httpx.get(url, timeout=10, trust_env=False).raise_for_status().text
    families = list(text_string_to_metric_families(text))
    return Samples(
        tuple(sample for family in families for sample in family.samples),
        frozenset(family.name for family in families),
    )
