"""What people read beside the code: links lead somewhere, lines fit a screen, and decisions name their files."""

import re
from pathlib import Path
from typing import Final

import pytest

from infra.paths import ROOT
from tests.unit.test_repository import name_of, tracked_files

PAPERS: Final = [path for path in tracked_files() if path.suffix == ".md"]
DOCUMENTS: Final = [path for path in PAPERS if path.parent == ROOT or "docs" in path.parts]
DECISIONS: Final = ROOT / "docs" / "decisions"
LISTS: Final = [DECISIONS / name for name in ("contracts.md", "backend.md", "page.md", "tooling.md")]
RECORDS: Final = sorted(set(DECISIONS.glob("*.md")) - {*LISTS, DECISIONS / "README.md"})

LINE_CHARACTERS_MAX: Final = 120
CODE_BLOCK: Final = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(text: str) -> list[str]:
    """The relative targets of a text's links and pictures, code left out."""
    targets = LINK.findall(CODE_BLOCK.sub("", text))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def leads_nowhere(link: str, paper: Path) -> bool:
    """Whether the file, or the heading within it, does not exist."""
    name, _, anchor = link.partition("#")
    target = paper.parent / name if name else paper
    if not target.exists():
        return True
    return bool(anchor) and anchor not in map(anchor_of, HEADING.findall(target.read_text()))


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def entries(decisions: Path) -> list[str]:
    """The entries of a list of decisions."""
    return re.split(r"^- ", decisions.read_text(), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_every_relative_link_leads_somewhere(paper: Path) -> None:
    assert [link for link in links(paper.read_text()) if leads_nowhere(link, paper)] == []


@pytest.mark.parametrize("paper", DOCUMENTS, ids=name_of)
def test_no_line_is_wider_than_a_screen(paper: Path) -> None:
    lines = enumerate(paper.read_text().splitlines(), start=1)
    assert [f"{number}: {line}" for number, line in lines if len(line) > LINE_CHARACTERS_MAX] == []


@pytest.mark.parametrize("decisions", LISTS, ids=name_of)
def test_every_listed_decision_says_what_and_names_its_file(decisions: Path) -> None:
    for entry in entries(decisions):
        assert re.match(r"\*\*[^*]+\.\*\*\s", entry), entry
        assert links(entry.partition("\n  File")[2]), entry


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_a_record_has_context_options_decision_and_consequences(record: Path) -> None:
    text = record.read_text()
    assert HEADING.findall(text)[1:] == ["Context", "Options", "Decision", "Consequences"]
    assert links(text.partition("Carried out in")[2])


def test_the_index_of_decisions_has_every_record_under_its_title() -> None:
    index = (DECISIONS / "README.md").read_text()
    for record in RECORDS:
        title = record.read_text().partition("\n")[0].removeprefix("# ")
        assert f"[{title}]({record.name})" in index
