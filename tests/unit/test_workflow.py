"""Continuous integration and the commit hooks run the project's own script and its own, locked tools."""

import re
from typing import Any, Final

import yaml

from infra.paths import ROOT
from infra.setup.doctor import PROGRAMS, dotted

WORKFLOW: Final = ROOT / ".github" / "workflows" / "ci.yml"
HOOKS: Final = ROOT / ".pre-commit-config.yaml"
PINNED: Final = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")
SETUPS: Final = {"Python": "python-version", "Go": "go-version", "Node": "node-version", "Java": "java-version"}


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(WORKFLOW.read_text())["jobs"]["ci"]["steps"]
    return found


def test_the_workflow_runs_what_developers_run() -> None:
    assert ".ci/run" in [step.get("run") for step in steps()]


def test_the_workflow_may_only_read() -> None:
    assert yaml.safe_load(WORKFLOW.read_text())["permissions"] == {"contents": "read"}


def test_every_action_is_pinned_to_a_commit_that_is_named() -> None:
    used = re.findall(r"uses: (.+)$", WORKFLOW.read_text(), re.MULTILINE)
    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_the_workflow_sets_up_the_versions_that_the_doctor_wants() -> None:
    wanted = {program.name: dotted(program.wanted) for program in PROGRAMS}
    given = {key: value for step in steps() for key, value in step.get("with", {}).items()}
    assert {name: given[key] for name, key in SETUPS.items()} == {name: wanted[name] for name in SETUPS}


def test_commit_hooks_download_nothing() -> None:
    repositories = yaml.safe_load(HOOKS.read_text())["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    for hook in repositories[0]["hooks"]:
        assert hook["language"] == "system"
        assert re.search(r"(^|[ =])\.local/(venv/bin|bin)/", hook["entry"]), hook["entry"]
