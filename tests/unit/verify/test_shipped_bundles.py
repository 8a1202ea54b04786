"""The bundles that are shipped for other programs: what is found in each is what their list says."""

from dataclasses import replace
from typing import Final

import pytest

from flareflow.transparency.notes import SignedCheckpoint
from flareflow.transparency.policy import LogPolicy
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Exit, Outcome, check
from flareflow_verify.evidence import Link, Trust
from tests.support import shipped_bundles
from tests.support.odd_bundles import refused
from tests.support.shipped_bundles import EXPECTED, FOLDER, Expected, Manifest

MANIFEST: Final = Manifest.model_validate_json(EXPECTED.read_bytes())
TRUST: Final = Trust(bytes.fromhex(MANIFEST.trusted_policy[2:]), MANIFEST.contract)


OF_LOG: Final = MANIFEST.log
TRUST_OF_LOG: Final = replace(
    TRUST,
    log_policy=LogPolicy.parse(OF_LOG.policy.encode()),
    seen=SignedCheckpoint.parse(OF_LOG.seen).checkpoint,
)


@pytest.mark.parametrize(("name", "expected"), [*MANIFEST.bundles.items(), *OF_LOG.bundles.items()])
def test_a_shipped_bundle_is_good_or_its_link_is_named(name: str, expected: Expected) -> None:
    trust = TRUST_OF_LOG if name in OF_LOG.bundles else TRUST
    found = check(Bundle.parse((FOLDER / name).read_bytes()), trust)
    differing = [finding.link for finding in found.findings if finding.outcome is Outcome.DIFFERS]
    unchecked = [finding.link for finding in found.findings if finding.outcome is Outcome.UNCHECKED]
    assert differing[:1] == ([expected.differs] if expected.differs else [])
    if expected.differs:
        assert found.exit is Exit.DIFFERENCE
    else:
        assert unchecked[:1] == ([expected.unchecked] if expected.unchecked else [])
        assert found.exit is (Exit.UNCHECKED if expected.unchecked else Exit.VERIFIED)


@pytest.mark.parametrize("name", MANIFEST.refused)
def test_what_is_no_bundle_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"one form|decimal number|Invalid JSON|not bytes as 0x|not permitted"):
        Bundle.parse((FOLDER / name).read_bytes())


def test_there_is_a_bad_bundle_for_every_link() -> None:
    assert {expected.differs for expected in MANIFEST.bundles.values()} == {None, *Link} - set(OF_LOG.steps)
    assert {expected.differs for expected in OF_LOG.bundles.values()} == {None, *OF_LOG.steps}


@pytest.mark.parametrize("name", MANIFEST.bundles)
def test_a_bundle_of_before_the_log_has_none_of_its_steps(name: str) -> None:
    found = check(Bundle.parse((FOLDER / name).read_bytes()), TRUST)
    assert not {finding.link for finding in found.findings} & set(OF_LOG.steps)


def test_every_file_is_in_the_list_and_made_by_the_program() -> None:
    all_of_them = [*shipped_bundles.bundles(), *shipped_bundles.bundles_with_log()]
    made = {f"{name}.json": shipped_bundles.text_of(content) for name, _, content in all_of_them}
    made |= {f"{name}.json": text for name, _, text in refused()}
    files = {path.name: path.read_text() for path in FOLDER.glob("*.json") if path != EXPECTED}
    assert files == made
    assert {*MANIFEST.bundles, *OF_LOG.bundles, *MANIFEST.refused} == set(made)
