"""The proofs that are shipped for other programs are found as their manifest says."""

import json
from typing import Final

import pytest

from flareflow_verify.__main__ import main
from flareflow_verify.audit.comparing import HARMLESS, Kind
from flareflow_verify.audit.proof import Proof, check_proof
from flareflow_verify.checking import Exit
from flareflow_verify.evidence import Trust
from infra.paths import ROOT
from tests.support import shipped_proofs
from tests.support.shipped_proofs import EXPECTED, FOLDER, Manifest

MANIFEST: Final = Manifest.model_validate_json(EXPECTED.read_bytes())
TRUST: Final = Trust(bytes.fromhex(MANIFEST.trusted_policy[2:]), MANIFEST.contract)
PAGE: Final = ROOT / "docs" / "verify" / "audit.md"


@pytest.mark.parametrize("name", MANIFEST.proofs)
def test_a_shipped_proof_is_found_as_its_manifest_says(name: str) -> None:
    checked = check_proof(Proof.parse((FOLDER / name).read_bytes()), TRUST)
    assert (checked.exit is Exit.VERIFIED) is MANIFEST.proofs[name].holds


def test_every_kind_of_fault_of_one_log_is_shipped_and_can_be_made_anew() -> None:
    # Given what the program makes now
    made = {f"{name}.json": expected for name, expected, _ in shipped_proofs.proofs()}
    # Then the manifest says the same, and has every fault but that of two statements
    assert made == MANIFEST.proofs
    faults = {kind for kind in Kind if kind not in HARMLESS} - {Kind.TWICE}
    assert {f"good-{kind}.json" for kind in faults} == {name for name in made if name.startswith("good-")}


def test_the_example_of_the_documentation_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given the command and the output that the page shows
    monkeypatch.chdir(ROOT)
    example = PAGE.read_text().partition("```console\n$ cd tests/vectors/proofs\n$ flareflow ")[2].partition("```")[0]
    command, _, shown = example.replace("\\\n    ", "").partition("\n")
    # When it is run
    monkeypatch.chdir(FOLDER)
    status = main(command.split())
    # Then it prints what is shown
    assert status == 1
    assert capsys.readouterr().out.split() == shown.split()


def test_no_shipped_proof_names_a_call_of_another_kind() -> None:
    for name, expected in MANIFEST.proofs.items():
        if expected.holds:
            assert f"good-{json.loads((FOLDER / name).read_text())['kind']}.json" == name
