"""The pages on the command name every option that it has, and none that it has not."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from flareflow_verify.__main__ import _parser
from infra.paths import ROOT

PAGES: Final = ROOT / "docs" / "verify"
OVERVIEW: Final = ROOT / "docs" / "verify.md"
OPTION: Final = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OF_ALL: Final = {"--help", "--require-hashes", "--no-deps", "--no-build-isolation"}
"""That every command has, and those of pip."""


def _options() -> Mapping[str, set[str]]:
    """The long options of each command, but for `--help`."""
    (commands,) = (one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction))
    return {
        name: {option for action in parser._actions for option in action.option_strings if option.startswith("--")}
        - OF_ALL
        for name, parser in commands.choices.items()
    }


OPTIONS: Final = _options()


def named(page: Path) -> set[str]:
    return set(OPTION.findall(page.read_text()))


@pytest.mark.parametrize("command", OPTIONS)
def test_every_option_is_on_the_page_of_its_command_or_on_one_that_it_refers_to(command: str) -> None:
    page = PAGES / f"{command}.md"
    linked = (PAGES / name for name in re.findall(r"\]\((\w+\.md)", page.read_text()))
    documented = set[str]().union(named(page), named(OVERVIEW), *(named(one) for one in linked if one.exists()))
    assert OPTIONS[command] - documented == set()


@pytest.mark.parametrize("page", [OVERVIEW, *sorted(PAGES.glob("*.md"))], ids=lambda page: page.name)
def test_every_option_that_a_page_names_is_one_of_the_command(page: Path) -> None:
    assert named(page) - OF_ALL - set[str]().union(*OPTIONS.values()) == set()


@pytest.mark.parametrize("command", OPTIONS)
def test_every_own_option_of_a_command_is_on_its_page(command: str) -> None:
    # Given the options that no other command has
    others = set[str]().union(*(options for name, options in OPTIONS.items() if name != command))
    # Then the command's own page names them
    assert OPTIONS[command] - others - named(PAGES / f"{command}.md") == set()
