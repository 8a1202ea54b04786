"""The list of faults: each can be made, says what it breaks, and names tests that exist and notice it surely."""

import re
from functools import cache

from infra.paths import ROOT
from tests.mutants.catalogue import FAULTS
from tests.mutants.fault import Fault, StaleFaultError


@cache
def text_of(file: str) -> str:
    return (ROOT / file).read_text()


def what_is_stale(fault: Fault) -> str | None:
    """Why the fault cannot be made."""
    try:
        changes = fault.applied(ROOT) != text_of(fault.file)
    except StaleFaultError as error:
        return str(error)
    return None if changes else f"{fault.name}: it changes nothing"


def is_there(test: str) -> bool:
    file, _, named = test.partition("::")
    function, _, _ = named.partition("[")
    return (ROOT / file).exists() and (not function or f"def {function}" in text_of(file))


def test_every_fault_can_still_be_made() -> None:
    # A source that was renamed or rewritten takes its faults with it: change `text` and `replacement` too
    assert [stale for fault in FAULTS if (stale := what_is_stale(fault))] == []


def test_every_fault_names_the_rule_that_it_breaks() -> None:
    assert [fault.name for fault in FAULTS if not re.fullmatch(r"[A-Z].+\.", fault.rule)] == []


def test_every_fault_names_tests_that_exist() -> None:
    assert [(fault.name, test) for fault in FAULTS for test in fault.tests if not is_there(test)] == []
    assert [fault.name for fault in FAULTS if not fault.tests] == []


def test_no_fault_is_left_to_the_luck_of_random_histories() -> None:
    assert [(fault.name, file) for fault in FAULTS for file in fault.files if ".TestCase" in text_of(file)] == []


def test_no_two_faults_have_one_name() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
