"""OpenTelemetry's semantic conventions, as its own package has them."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from opentelemetry.semconv import _incubating, attributes, metrics


def _texts(package: ModuleType) -> set[str]:
    """Return every text constant of a package's modules: names of attributes, or of metrics."""
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
        if not module.ispkg
    ]
    return {
        value for module in modules for value in vars(module).values() if isinstance(value, str) and value.islower()
    }


_incubating_attributes = importlib.import_module(f"{_incubating.__name__}.attributes")
_incubating_metrics = importlib.import_module(f"{_incubating.__name__}.metrics")
ATTRIBUTES = frozenset(_texts(attributes) | _texts(_incubating_attributes))
METRICS = frozenset(_texts(metrics) | _texts(_incubating_metrics))


def of_prometheus(names: frozenset[str]) -> set[str]:
    """Return names as a Prometheus has them."""
    return {name.replace(".", "_") for name in names}
