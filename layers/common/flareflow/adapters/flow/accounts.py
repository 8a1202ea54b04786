"""The keys of Flow accounts, as sign-in needs them."""

from collections.abc import Sequence
from dataclasses import dataclass

from flareflow.accounts.models import AccountKey, HashAlgorithm, SignatureAlgorithm
from flareflow.adapters.flow.rest import FlowRest, RestAccountKey


@dataclass(frozen=True, slots=True)
class FlowAccountKeys:
    """`AccountKeys` over the access node's REST API; keys of other algorithms than ours (BLS) are left out."""

    rest: FlowRest

    def of(self, address: str) -> Sequence[AccountKey]:
        return [_key(key) for key in self.rest.account_keys(address) if _is_known(key)]


def _is_known(key: RestAccountKey) -> bool:
    return key.signing_algorithm in set(SignatureAlgorithm) and key.hashing_algorithm in set(HashAlgorithm)


def _key(key: RestAccountKey) -> AccountKey:
    return AccountKey(
        index=key.index,
        public_key=bytes.fromhex(key.public_key.removeprefix("0x")),
        signature_algorithm=SignatureAlgorithm(key.signing_algorithm),
        hash_algorithm=HashAlgorithm(key.hashing_algorithm),
        weight=key.weight,
        revoked=key.revoked,
    )
