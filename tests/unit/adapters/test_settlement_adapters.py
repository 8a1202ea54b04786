"""What billing sends, in Flow's terms."""

from hashlib import sha256
from typing import TYPE_CHECKING

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from moto import mock_aws
from moto.kms.responses import KmsResponse

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flow.json_cdc import decode
from flareflow.adapters.flow.signer import KmsFlowSigner
from flareflow.adapters.flow.transactions import cadence_call
from flareflow.attestation.models import Attestation, Finalization, Proof, SignedPolicy
from flareflow.errors import BrokenRuleError
from flareflow.merkle import fold
from flareflow.settlement.pages import SealedPages
from flareflow.settlement.transactions import Call, DeliverStatement, RollPolicies, SettlePage
from flareflow.statements.merkle import PageTree
from flareflow.statements.models import NO_HASH, SettlementPage, Statement, StoredStatement
from infra.local.aws import moto_server
from tests.fakes.statements import FakeDocuments, FakeStatements

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def page(number: int) -> SettlementPage:
    return SettlementPage(
        "A.f8d6e0586b0a20c7.UsageBasedSubscriptions", 7, number, ((2 * number, 10), (2 * number + 1, 20))
    )


def sealed_pages(pages: list[SettlementPage], root: bytes) -> SealedPages:
    statements, documents = FakeStatements(), FakeDocuments()
    statements.put(StoredStatement(Statement(7, 0, 10, NO_HASH, root, 6, 90, NO_HASH, NO_HASH), len(pages)))
    for one in pages:
        documents.put_page(root, one)
    return SealedPages(statements, documents)


def test_each_page_comes_with_a_path_to_the_attested_root() -> None:
    pages = [page(number) for number in range(3)]
    root = PageTree.over(pages).root
    found = sealed_pages(pages, root).of(7)
    assert [(one.ids, one.rated_microtokens) for one in found] == [
        ((0, 1), (10, 20)),
        ((2, 3), (10, 20)),
        ((4, 5), (10, 20)),
    ]
    assert [fold(one.hash, settling.path) for one, settling in zip(pages, found, strict=True)] == [root] * 3


def test_pages_that_lead_to_another_root_stop_everything() -> None:
    with pytest.raises(BrokenRuleError, match="lead to the root"):
        sealed_pages([page(0)], b"\x01" * 32).of(7)


@pytest.fixture
def signer(monkeypatch: pytest.MonkeyPatch) -> "Iterator[KmsFlowSigner]":
    monkeypatch.setattr(KmsResponse, "sign", moto_server.sign)
    with mock_aws():
        kms = boto3.client("kms", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        yield KmsFlowSigner(KmsKey(kms, made))


@pytest.mark.parametrize("length", [1, 4_096, 100_000])
def test_kms_signs_the_sha2_256_of_a_message_of_any_length(signer: KmsFlowSigner, length: int) -> None:
    # Given a message, perhaps longer than KMS takes
    message = b"m" * length
    # When it is signed
    signature = signer.sign(message)
    # Then r and s verify with the public key that goes onto the account
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + signer.public_key)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    public.verify(encode_dss_signature(r, s), sha256(message).digest(), ec.ECDSA(Prehashed(SHA256())))
