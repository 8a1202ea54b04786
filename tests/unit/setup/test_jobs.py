"""What is installed, when it is installed again, and that nothing is installed into another checkout."""

import shutil
from pathlib import Path

import pytest

from infra.setup import doctor
from infra.setup import jobs as kit
from infra.setup.install import blocking, cut_links
from infra.setup.jobs import TARGETS, Job, jobs


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "checkout"
    (root / ".local" / "install").mkdir(parents=True)
    enter(root, monkeypatch)
    return root


def enter(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install as if the repository were in this folder."""
    monkeypatch.setattr(kit, "ROOT", root)
    monkeypatch.setattr(kit, "RECORDS", root / ".local" / "install")


def tool(root: Path, *, is_bound: bool = True) -> Job:
    """A job whose program writes down the folder that it was made for, as a virtual environment does."""
    home = root / ".local" / "tool"
    source = root / "tool.lock"
    if not source.exists():
        source.write_text("1")
    script = f"mkdir -p {home} && echo {root} >> {home}/made-for"
    commands, made = [["sh", "-c", script]], [home / "made-for"]
    return Job("tool", "making a tool", 1, commands, [source], made, home=home if is_bound else None)


def made_for(root: Path) -> list[str]:
    return (root / ".local" / "tool" / "made-for").read_text().split()


def test_a_job_is_done_once_and_again_when_its_inputs_change(checkout: Path) -> None:
    # Given a job that was done
    assert not tool(checkout).is_done()
    tool(checkout).run()
    assert tool(checkout).is_done()
    # When an input changes, Then it is not done any more
    (checkout / "tool.lock").write_text("2")
    assert not tool(checkout).is_done()


def test_what_a_job_made_is_kept_while_it_is_renewed_in_its_own_checkout(checkout: Path) -> None:
    tool(checkout).run()
    tool(checkout).run()
    assert made_for(checkout) == [str(checkout)] * 2


def test_a_copied_installation_is_made_anew_for_the_copy_and_the_original_stays(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a copy of a checkout with everything that was installed in it
    tool(checkout).run()
    copy = tmp_path / "copy"
    shutil.copytree(checkout, copy)
    enter(copy, monkeypatch)
    # Then what is bound to the original's folder does not count as installed
    assert made_for(copy) == [str(checkout)]
    assert not tool(copy).is_done()
    # And once installed there is nothing of the original in it
    tool(copy).run()
    assert made_for(copy) == [str(copy)]
    assert made_for(checkout) == [str(checkout)]


def test_what_is_bound_to_no_folder_is_kept_in_a_copy(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(checkout, is_bound=False).run()
    copy = tmp_path / "copy"
    shutil.copytree(checkout, copy)
    enter(copy, monkeypatch)
    assert tool(copy, is_bound=False).is_done()


def test_a_linked_installation_is_replaced_and_not_written_into(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given another checkout whose tool and records are links to this one's
    tool(checkout).run()
    other = tmp_path / "other"
    (other / ".local").mkdir(parents=True)
    for name in ("tool", "install"):
        (other / ".local" / name).symlink_to(checkout / ".local" / name)
    # When it is installed there
    enter(other, monkeypatch)
    cut_links(other / ".local")
    (other / ".local" / "install").mkdir()
    tool(other).run()
    # Then each has its own
    assert (made_for(other), made_for(checkout)) == ([str(other)], [str(checkout)])


@pytest.mark.parametrize("target", TARGETS)
def test_every_job_of_a_target_exists_and_comes_after_what_it_needs(target: str) -> None:
    chosen = jobs(target, "python3.13")
    names = [job.name for job in chosen]
    assert set(names) == set(TARGETS[target])
    for position, job in enumerate(chosen):
        needed_here = {need for need in job.needs if need in names}
        assert needed_here <= set(names[:position])


def test_the_demo_needs_emulator_and_wallet_and_no_linter() -> None:
    assert {"flow-emulator", "fcl-dev-wallet"} <= set(TARGETS["stack"])
    assert {"cadence-lint", "sam"}.isdisjoint(TARGETS["stack"])
    assert set().union(*TARGETS.values()) == set(TARGETS["all"])


def test_whatever_holds_absolute_paths_is_bound_to_its_checkout() -> None:
    bound = {job.name for job in jobs("all", "python3.13") if job.home}
    assert bound == {"uv", "python", "litellm", "sam", "focus"}


@pytest.mark.parametrize(("user_id", "blocks"), [(0, False), (1000, True)])
def test_a_missing_browser_stops_only_the_tests_of_whoever_may_not_install_it(
    monkeypatch: pytest.MonkeyPatch, user_id: int, blocks: bool
) -> None:
    # Given a Debian without Chromium
    chromium = [program for program in doctor.PROGRAMS if program.name == "Chromium"]
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: user_id)
    # Then the tests wait for it where it cannot be installed, and the demo never does
    assert blocking(chromium, "test") is blocks
    assert not blocking(chromium, "stack")
    assert "apt-get install chromium" in chromium[0].hint


def test_docker_stops_no_installation() -> None:
    assert not blocking([program for program in doctor.PROGRAMS if program.name == "Docker"], "all")
