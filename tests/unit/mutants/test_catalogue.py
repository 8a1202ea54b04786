"""The list of faults: each can be made, says what it breaks, and names tests that exist."""

import re

import pytest

from infra.paths import ROOT
from tests.mutants.catalogue import FAULTS
from tests.mutants.fault import Fault

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@each_fault
def test_every_fault_can_still_be_made(fault: Fault) -> None:
    # A source that was renamed or rewritten takes its faults with it: change `text` and `replacement` too
    assert fault.applied(ROOT) != (ROOT / fault.file).read_text()


@each_fault
def test_every_fault_names_the_rule_that_it_breaks_and_tests_that_exist(fault: Fault) -> None:
    assert re.fullmatch(r"[A-Z].+\.", fault.rule)
    for test in fault.tests:
        file, _, function = test.partition("::")
        assert (ROOT / file).exists()
        assert f"def {function}" in (ROOT / file).read_text() if function else True


def test_no_two_faults_have_one_name() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
