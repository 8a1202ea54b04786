"""Request bodies of the account functions; every field is bounded, unknown fields are refused."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from flareflow.accounts.models import AccountProof, KeyLimits, KeySignature, ProofType, flow_address, holder_of
from flareflow.inputs import Label, Moment, UInt32, UInt64

SIGNATURES_MAX: Final = 10
MODELS_MAX: Final = 50
LIMIT_MAX: Final = 10**9
CAP_MAX: Final = 10**12
MICROTOKENS: Final = 10**6

type Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
type Signature = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{128}$")]
type ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
type Cap = Annotated[UInt64, Field(ge=1, le=CAP_MAX)]
type Limit = Annotated[UInt64, Field(ge=1, le=LIMIT_MAX)]
type Hash128 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
type Hash256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SignedByKey(BaseModel):
    """One signature of an account proof: r and s in hex."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    key_index: UInt32
    signature: Signature


class SessionRequest(BaseModel):
    """`POST /v1/auth/sessions`: the account proof as FCL gives it; `origin` is its app identifier.

    A wallet without account proof signs a text instead (docs/sign-in.md), and `proof_type` says so.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

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

    model_config = ConfigDict(extra="forbid", defer_build=True)

    refresh_token: Annotated[str, StringConstraints(max_length=200)]


class KeyRequest(BaseModel):
    """`POST /v1/keys`: make a key of a subscription; `alias` is the owner's name for it.

    `models`: the only ones that it may call; none: all of them. `cap_rated_tokens`: what it may use in all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    subscription_id: UInt64
    alias: Label = ""
    models: Annotated[tuple[ModelName, ...], Field(max_length=MODELS_MAX)] = ()
    expires_at: Moment | None = None
    requests_per_minute: Limit | None = None
    tokens_per_minute: Limit | None = None
    cap_rated_tokens: Cap | None = None

    @property
    def cap_microtokens(self) -> int | None:
        return _microtokens(self.cap_rated_tokens)

    @property
    def shared(self) -> Mapping[str, int]:
        """The keys whose usage counts towards the cap too, and what each has used before."""
        return {}

    @property
    def limits(self) -> KeyLimits:
        return KeyLimits(self.models, self.expires_at, self.requests_per_minute, self.tokens_per_minute)

    def hash(self) -> str:
        """Equal for equal requests: tells a repetition from another request with the same idempotency key."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class KeyChange(BaseModel):
    """`PATCH /v1/keys/{key_hash}`: give a key another name or cap. What is left out stays; null takes the cap away."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    alias: Label | None = None
    cap_rated_tokens: Cap | None = None

    @property
    def changes_cap(self) -> bool:
        return "cap_rated_tokens" in self.model_fields_set

    @property
    def cap_microtokens(self) -> int | None:
        return _microtokens(self.cap_rated_tokens)


class RotationRequest(BaseModel):
    """`POST /v1/keys/{key_hash}/rotations`: make a key in place of another, which works until `old_key_until`.

    Without that, the old key works for a day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    old_key_until: Moment | None = None


class SuccessorRequest(KeyRequest):
    """A key that is made like the one that it replaces. Not part of the API."""

    replaces: Hash256
    old_key_until: Moment | None
    left_microtokens: int | None
    shares_cap_with: dict[Hash256, int]

    @property
    def cap_microtokens(self) -> int | None:
        return self.left_microtokens

    @property
    def shared(self) -> Mapping[str, int]:
        return self.shares_cap_with

    def hash(self) -> str:
        """Of what was asked for: the replaced key may have changed when the request is repeated."""
        return hashlib.sha256(f"{self.replaces}\n{self.old_key_until}".encode()).hexdigest()


class KeyReportRequest(BaseModel):
    """`POST /internal/credit/keys`: a gate asks what a key may know of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    key_hash: Hash256


class LeaseRequest(BaseModel):
    """`POST /internal/credit`: a gate wants credit for the calls of one key. Amounts are in rated micro-tokens.

    `kept`: what it has leased and may have spent by now. `needed`: what a waiting call can cost beyond that. `wanted`:
    what it would like to have for later calls.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    gate: Hash128
    key_hash: Hash256
    kept_microtokens: UInt64
    needed_microtokens: UInt64
    wanted_microtokens: UInt64

    @property
    def holder(self) -> str:
        return holder_of(self.gate, self.key_hash)


def _microtokens(rated_tokens: int | None) -> int | None:
    return None if rated_tokens is None else rated_tokens * MICROTOKENS
