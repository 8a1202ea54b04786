"""Guardians on the emulator: an account of several keys that sign together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from flow_py_sdk import cadence
from flow_py_sdk.signer.signer import TransactionDomainTag
from flow_py_sdk.tx import TxSignature

from flareflow.adapters.flow.cadence import cadence_code
from flareflow.adapters.flow.json_cdc import Argument, array, string, ufix64
from flareflow.adapters.flow.rest import TransactionResult
from flareflow.adapters.flow.transactions import FlowTransactions, SoleSigner, transaction_id
from flareflow.settlement.transactions import SignedTransaction
from infra.deploy.sending import AccountSender
from infra.local.flow.accounts import LocalAccount, LocalFlow, public_key_of, service_account
from tests.support.flow_emulator import FLOW, FUNDS

CREATE: Final = """
    import "FlowToken"
    import "FungibleToken"

    transaction(publicKeys: [String], weights: [UFix64], amount: UFix64) {
        prepare(service: auth(BorrowValue) &Account) {
            let account = Account(payer: service)
            for position, publicKey in publicKeys {
                account.keys.add(
                    publicKey: PublicKey(
                        publicKey: publicKey.decodeHex(),
                        signatureAlgorithm: SignatureAlgorithm.ECDSA_P256
                    ),
                    hashAlgorithm: HashAlgorithm.SHA3_256,
                    weight: weights[position]
                )
            }
            let vault = service.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
                from: /storage/flowTokenVault
            )!
            account.capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
                .deposit(from: <-vault.withdraw(amount: amount))
        }
    }
"""


@dataclass(frozen=True, slots=True)
class SignedTogether(FlowTransactions):
    """Transactions of an account that are signed by its first keys, in their order."""

    signers: Sequence[LocalAccount] = ()

    def sign_code(
        self, code: str, arguments: Sequence[Argument], key_index: int, *, is_authorizer: bool = False
    ) -> SignedTransaction:
        first = SoleSigner(self.rest, self.operator, key_index, self.signers[0])
        signed, height = first.sign(code, arguments, is_authorizer=is_authorizer)
        message = bytes(TransactionDomainTag) + signed.envelope_message()
        payer = cadence.Address.from_hex(self.operator)
        signed.envelope_signatures = [
            TxSignature(payer, index, 0, signer.sign(message)) for index, signer in enumerate(self.signers)
        ]
        return SignedTransaction(transaction_id(signed), bytes(signed.to_signed_grpc()), height)


@dataclass(frozen=True, slots=True)
class Guardians:
    """The account, and its keys in their order."""

    flow: LocalFlow
    address: str
    keys: Sequence[EllipticCurvePrivateKey]

    def run(self, path: str, *arguments: Argument, signed_by: int = 2) -> TransactionResult:
        """Send a transaction of `infra/cadence/transactions`, signed by so many of the keys."""
        signers = [LocalAccount(self.address, key) for key in self.keys[:signed_by]]
        sender = AccountSender(
            SignedTogether(
                self.flow.rest, self.flow.access, self.address, signers[0], self.flow.addresses, signers=signers
            )
        )
        return sender.run(cadence_code(f"transactions/{path}", self.flow.addresses), *arguments)[1]


def create_guardians(
    flow: LocalFlow, weights: Sequence[int] = (500, 500, 500), keys: Sequence[EllipticCurvePrivateKey] = ()
) -> Guardians:
    """An account with a new key for each weight, unless keys are given."""
    keys = keys or [generate_private_key(SECP256R1()) for _ in weights]
    created = flow.run_code(
        service_account(),
        CREATE,
        array(string, [public_key_of(key).hex() for key in keys]),
        array(ufix64, [weight * FLOW for weight in weights]),
        ufix64(FUNDS),
    )
    (event,) = [event for event in created.events if event.type == "flow.AccountCreated"]
    fields = event.fields()
    assert isinstance(fields, dict)
    return Guardians(flow, str(fields["address"]).removeprefix("0x"), keys)
