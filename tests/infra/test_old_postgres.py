"""A database of the operator's own may be of any age."""

from __future__ import annotations

import pytest

from infra.operator_error import OperatorError
from infra.provision import refuse_older_postgres


def test_an_older_postgresql_is_refused_by_name():
    with pytest.raises(OperatorError, match=r"is PostgreSQL 17[.] Warmline needs PostgreSQL 18 or newer"):
        refuse_older_postgres(170_006)


def test_postgresql_18_is_enough():
    refuse_older_postgres(180_000)
