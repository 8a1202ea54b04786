"""Writes `docs/data-model.md` from `flareflow.adapters.dynamodb.tables`; run it as `python -m infra.data_model`."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from flareflow.adapters.dynamodb.keys import TableLayout
from flareflow.adapters.dynamodb.tables import TABLES
from infra.paths import ROOT

PAGE: Final = ROOT / "docs" / "data-model.md"
WIDTH: Final = 120

INTRODUCTION: Final = """\
# Data model

Made from [`flareflow/adapters/dynamodb/tables.py`](../layers/common/flareflow/adapters/dynamodb/tables.py) by
`python -m infra.data_model`; a test fails while this page and the code differ.

Every table has a partition key `pk` and a sort key `sk`, both text. Below, each kind of item has its two keys, what it
holds, who reads it and how, and its attributes. `{epoch:020}` is a number of 20 digits, so that text order is number
order. Times are ISO 8601 text in UTC with microseconds. DynamoDB deletes an item some time after `expires_at` (Unix
seconds).
"""


def render() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(line for layout in TABLES for line in _table(layout))])


def _table(layout: TableLayout) -> Iterator[str]:
    yield f"## {layout.name}\n"
    stream = f" Its stream is read by {' and '.join(layout.stream_readers)}." if layout.stream_readers else ""
    yield from _wrapped("", layout.holds + stream)
    yield ""
    for kind in layout.items:
        yield f"- `{kind.pk}` / `{kind.sk}`"
        yield from _wrapped("  ", f"{kind.holds} {kind.serves}{_attributes(kind.attributes)}")
    for index in layout.indexes:
        yield f"- index `{index.name}`: `{index.pk_name}` = `{index.pk}` / `{index.sk_name}` = `{index.sk}`"
        yield from _wrapped("  ", index.serves)
    yield ""


def _attributes(names: Sequence[str]) -> str:
    return f" Attributes: {', '.join(f'`{name}`' for name in names)}." if names else ""


def _wrapped(indent: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


if __name__ == "__main__":
    PAGE.write_text(render())
