"""The transaction and the arguments of each call that billing makes."""

import pytest

from flareflow.adapters.flow.json_cdc import decode
from flareflow.adapters.flow.transactions import cadence_call
from flareflow.attestation.models import Attestation, Finalization, Proof, SignedPolicy
from flareflow.settlement.transactions import Call, DeliverStatement, RollPolicies, SettlePage

FINALIZATION = Finalization(b"\x01" * 32, 309, b"\x02" * 38, b"\x03" * 67)
PROVEN = Attestation(7, tuple(range(9)), finalization=FINALIZATION, proof=Proof(792_357, 2**64 - 1, (b"\x04" * 32,)))


@pytest.mark.parametrize(
    ("call", "path", "arguments"),
    [
        (
            RollPolicies((SignedPolicy(5, b"\x05", b"\x55"), SignedPolicy(6, b"\x06", b"\x66"))),
            "flare/roll_signing_policies.cdc",
            [["05", "06"], ["55", "66"]],
        ),
        (
            DeliverStatement(PROVEN),
            "flare/deliver_statement.cdc",
            [
                309,
                "02" * 38,
                "03" * 67,
                "statement/1",
                792_357,
                2**64 - 1,
                7,
                [0, 1, 2, 3, 4, 5, 6, 7, 8],
                ["04" * 32],
            ],
        ),
        (
            SettlePage(7, 1, (1, 2), (10, 20), (b"\x07" * 32,)),
            "subscriptions/settle_page.cdc",
            [7, 1, [1, 2], [10, 20], ["07" * 32]],
        ),
        (
            SettlePage(7, 1, (1, 2), (10, 20), (b"\x07" * 32,), reads_rate=True),
            "subscriptions/settle_page_in_dollars.cdc",
            [7, 1, [1, 2], [10, 20], ["07" * 32]],
        ),
    ],
)
def test_each_call_is_one_transaction_with_its_arguments_in_order(
    call: Call, path: str, arguments: list[object]
) -> None:
    found_path, found = cadence_call(call)
    assert found_path == path
    assert [decode(argument.encode()) for argument in found] == arguments


def test_an_attestation_without_proof_cannot_be_delivered() -> None:
    with pytest.raises(ValueError, match="not proven"):
        cadence_call(DeliverStatement(Attestation(7, tuple(range(9)))))
