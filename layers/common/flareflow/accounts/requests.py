"""Request bodies of the account functions; every field is bounded, unknown fields are refused."""

import hashlib
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from flareflow.accounts.models import AccountProof, KeySignature, ProofType, flow_address
from flareflow.inputs import Label, UInt32, UInt64

SIGNATURES_MAX: Final = 10

type Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
type Signature = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{128}$")]
type Hash128 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
type Hash256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SignedByKey(BaseModel):
    """One signature of an account proof: r and s in hex."""

    model_config = ConfigDict(extra="forbid")

    key_index: UInt32
    signature: Signature


class SessionRequest(BaseModel):
    """`POST /v1/auth/sessions`: the account proof as FCL gives it; `origin` is its app identifier.

    A wallet without account proof signs a text instead (docs/sign-in.md), and `proof_type` says so.
    """

    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, StringConstraints(max_length=18)]
    nonce: Nonce
    origin: Annotated[str, StringConstraints(max_length=200)]
    signatures: Annotated[list[SignedByKey], Field(min_length=1, max_length=SIGNATURES_MAX)]
    proof_type: ProofType = ProofType.ACCOUNT_PROOF

    def proof(self) -> AccountProof:
        """Raises InvalidRequestError `invalid_address`."""
        signatures = [KeySignature(one.key_index, bytes.fromhex(one.signature)) for one in self.signatures]
        address, nonce = flow_address(self.address), bytes.fromhex(self.nonce)
        return AccountProof(address, self.origin, nonce, signatures, self.proof_type)


class RefreshRequest(BaseModel):
    """`POST /v1/auth/tokens`: exchange a refresh token for a new pair of tokens."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, StringConstraints(max_length=200)]


class KeyRequest(BaseModel):
    """`POST /v1/keys`: make a key of a subscription; `alias` is the owner's name for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subscription_id: UInt64
    alias: Label = ""

    def hash(self) -> str:
        """Equal for equal requests: tells a repetition from another request with the same idempotency key."""
        return hashlib.sha256(f"{self.subscription_id}\n{self.alias}".encode()).hexdigest()


class LeaseRequest(BaseModel):
    """`POST /internal/credit`: a gate wants credit for the calls of one key. Amounts are in rated micro-tokens.

    `kept`: what it has leased and may have spent by now. `needed`: what a waiting call can cost beyond that. `wanted`:
    what it would like to have for later calls.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    gate: Hash128
    key_hash: Hash256
    kept_microtokens: UInt64
    needed_microtokens: UInt64
    wanted_microtokens: UInt64

    @property
    def holder(self) -> str:
        """Who holds the lease: a gate has one for each key."""
        return f"{self.gate}.{self.key_hash[:16]}"
