"""docs/problems.md: every code of a problem document."""

import textwrap
from collections.abc import Iterator
from http import HTTPStatus
from itertools import groupby
from typing import Final

from flareflow.entrypoints.problem_codes import PROBLEMS
from infra.paths import ROOT

PAGE: Final = ROOT / "docs" / "problems.md"
WIDTH: Final = 120
INTRODUCTION: Final = """\
# Problems

Made from [`problem_codes.py`](../layers/common/flareflow/entrypoints/problem_codes.py) by `make openapi`; a test fails
while this page and the code differ.

Every failure of the [HTTP API](api.md) is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) of
the type `application/problem+json`. Programs look at `code`, which never changes. `detail` and `what_to_do` are for
people. Tell the operator the `request_id` when you ask about one: it is in the log.
"""


def render() -> str:
    """The whole page."""
    in_order = sorted(PROBLEMS.items(), key=lambda named: (named[1].status, named[0]))
    lines = [INTRODUCTION]
    for status, problems in groupby(in_order, key=lambda named: named[1].status):
        lines += [f"## {status} {HTTPStatus(status).phrase}\n"]
        lines += [
            line for code, problem in problems for line in _item(f"`{code}`: {problem.when} {problem.what_to_do}")
        ]
        lines += [""]
    return "\n".join(lines)


def _item(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
