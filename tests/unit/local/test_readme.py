"""The gateway's README names a test for each thing that it says, and each of them exists."""

import re
from typing import Final

from infra.paths import ROOT

README: Final = ROOT / "infra" / "local" / "aws" / "gateway" / "README.md"
TEST_NAME: Final = re.compile(r"`(test_\w+)`")
ROW: Final = re.compile(r"^\| (?!behaviour|---|\*\*)(.+?) \| (\[\d+\]|ours) \| (.+) \|$", re.MULTILINE)


def written_tests() -> set[str]:
    sources = [*ROOT.glob("tests/unit/**/*.py"), *ROOT.glob("tests/integration/*.py")]
    return {name for source in sources for name in re.findall(r"^def (test_\w+)\(", source.read_text(), re.MULTILINE)}


def test_every_test_that_is_named_exists() -> None:
    named = set(TEST_NAME.findall(README.read_text()))
    assert len(named) > 0
    assert named <= written_tests()


def test_every_behaviour_has_a_source_and_a_test() -> None:
    text = README.read_text()
    table = text.partition("## What it does, by whose word")[2].partition("## What it does not do")[0]
    behaviours = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith(("| **", "| -"))]
    rows = ROW.findall(table)
    assert len(rows) == len(behaviours) - 1, "the header is the only line without a source and a test"
    for behaviour, source, tests in rows:
        assert TEST_NAME.findall(tests), behaviour
        assert source == "ours" or f"\n{source}: https://docs.aws.amazon.com/" in text, behaviour
