"""Writes the files of new forms: ``python -m tests.golden.write_new``. What is there already is never overwritten."""

from __future__ import annotations

from tests.golden.forms import FILES, forms


def write_new() -> list[str]:
    """Write each missing file and return the names of those written."""
    written = []
    for form in forms():
        if not form.earlier and not form.file.exists():
            form.file.parent.mkdir(parents=True, exist_ok=True)
            form.file.write_bytes(form.encode(form.sample))
            written.append(str(form.file.relative_to(FILES)))
    return written


if __name__ == "__main__":
    print("\n".join(write_new()) or "Nothing new.")  # noqa: T201 -- it is a command
