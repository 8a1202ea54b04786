"""The bundles that are shipped for other programs: what is found in each is what their list says."""

from typing import Final

import pytest

from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Exit, Outcome, check
from flareflow_verify.evidence import Link, Trust
from tests.support import shipped_bundles
from tests.support.shipped_bundles import EXPECTED, FOLDER, Manifest

MANIFEST: Final = Manifest.model_validate_json(EXPECTED.read_bytes())
TRUST: Final = Trust(bytes.fromhex(MANIFEST.trusted_policy[2:]), MANIFEST.contract)


@pytest.mark.parametrize("name", MANIFEST.bundles)
def test_a_shipped_bundle_is_good_or_its_link_is_named(name: str) -> None:
    expected = MANIFEST.bundles[name]
    found = check(Bundle.parse((FOLDER / name).read_bytes()), TRUST)
    differing = [finding.link for finding in found.findings if finding.outcome is Outcome.DIFFERS]
    assert differing[:1] == ([expected.differs] if expected.differs else [])
    assert found.exit is (Exit.DIFFERENCE if expected.differs else Exit.VERIFIED)


def test_there_is_a_bad_bundle_for_every_link() -> None:
    assert {expected.differs for expected in MANIFEST.bundles.values()} == {None, *Link}


def test_every_file_is_in_the_list_and_made_by_the_program() -> None:
    made = {f"{name}.json": shipped_bundles.text_of(content) for name, _, content in shipped_bundles.bundles()}
    files = {path.name: path.read_text() for path in FOLDER.glob("*.json") if path != EXPECTED}
    assert files == made
    assert set(MANIFEST.bundles) == set(made)
