"""The inputs of a deployment, all checked before anything is sent."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import boto3
from botocore.exceptions import BotoCoreError
from pydantic import Field, FilePath, ValidationError

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flow.signer import KmsFlowSigner
from flareflow.attestation.request import AttestationTarget, identifier
from flareflow.attestation.signing_policy import SigningPolicy, chain_bound_hash, legacy_hash
from flareflow.entrypoints.settings import Settings
from infra.deploy.account import DeployerKey
from infra.deploy.networks import FlareNetwork, FlowName, FlowNetwork, StandIns

type Address = Annotated[str, Field(pattern="^0x[0-9a-f]{16}$")]
type Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]


class InputError(Exception):
    """An input is missing or wrong; nothing was sent."""


class Inputs(Settings):
    """Environment variables: NETWORK, ACCOUNT, KMS_KEY, POLICY (a file with the first signing policy in hex),
    POLICY_HASH (what Flare's Relay answers for that policy), STATEMENT_URL_PREFIX, SOURCE_ID, GUARDIANS (an account of
    several keys that gets all rights). The emulator needs NETWORK only. With CONTRACTS, the address of contracts that
    are handed over, what is announced for them is put in force, and ACCOUNT only pays.
    """

    network: FlowName
    account: Address | None = None
    kms_key: str | None = None
    policy: FilePath | None = None
    policy_hash: Hash | None = None
    statement_url_prefix: str | None = None
    source_id: str | None = None
    guardians: Address | None = None
    contracts: Address | None = None

    @classmethod
    def read(cls) -> "Inputs":
        """The inputs from the environment. Raises InputError, which names each variable that is wrong."""
        try:
            return cls.from_environment()
        except ValidationError as error:
            wrong = [f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()]
            raise InputError("\n".join(wrong)) from error


@dataclass(frozen=True, slots=True)
class TrustedPolicy:
    """The first signing policy of a light client; it is well-formed and of the network that is followed."""

    flare: FlareNetwork
    encoded: bytes

    def __post_init__(self) -> None:
        policy = self.decoded
        policy.require_sound()
        planned = self.flare.reward_epoch_of(policy.start_voting_round)
        if planned != policy.reward_epoch:
            raise ValueError(
                f"on {self.flare.name} round {policy.start_voting_round} lies in reward epoch {planned}, "
                f"not in the policy's {policy.reward_epoch}"
            )

    @property
    def decoded(self) -> SigningPolicy:
        return SigningPolicy.decode(self.encoded)

    def hash(self, *, is_chain_bound: bool) -> str:
        """The hash that the voters of the previous reward epoch signed, by either scheme; 32 bytes in hex with 0x."""
        bound, older = chain_bound_hash(self.encoded, self.flare.chain_id), legacy_hash(self.encoded)
        return "0x" + (bound if is_chain_bound else older).hex()


@dataclass(frozen=True, slots=True)
class Deployment:
    """The checked inputs of one deployment."""

    network: FlowNetwork
    key: DeployerKey
    policy: TrustedPolicy
    statements: AttestationTarget

    @classmethod
    def of(cls, given: Inputs, network: FlowNetwork) -> "Deployment":
        """The deployment that these inputs describe. Raises InputError; no network is asked."""
        _require(given, network)
        return cls(network, _key(given, network), _policy(given, network), _statements(given, network))

    def require_compared_policy(self, expected: str | None) -> None:
        """Raises InputError unless `expected` is the hash that Flare's Relay has; on a local network it may be None."""
        flare, policy = self.network.flare, self.policy
        if policy.hash(is_chain_bound=flare.is_chain_bound) == expected or (self.network.stand_ins and not expected):
            return
        asked = f"Relay.toSigningPolicyHash({policy.decoded.reward_epoch}) on {flare.name}"
        if expected is None:
            raise InputError(f"POLICY_HASH: compare with {asked}, and give its answer here to trust this policy")
        raise InputError(f"POLICY_HASH: {expected} is of another policy than this; is it what {asked} answers?")


def payer(given: Inputs, network: FlowNetwork) -> DeployerKey:
    """Who pays for updates of contracts that are handed over. Raises InputError."""
    if not network.stand_ins and not (given.account and given.kms_key):
        raise InputError(f"an update on {network.name} needs ACCOUNT, KMS_KEY too")
    return _key(given, network)


def _require(given: Inputs, network: FlowNetwork) -> None:
    """An account and its key belong together; a public network needs every input named."""
    needed = {"account", "kms_key"} if given.account or given.kms_key else set[str]()
    if not network.stand_ins:
        needed |= {"account", "kms_key", "policy", "statement_url_prefix"}
    if not network.flare.source_id:
        needed.add("source_id")
    if network.needs_guardians:
        needed.add("guardians")
    missing = sorted(name.upper() for name in needed if not getattr(given, name))
    if missing:
        raise InputError(f"a deployment to {network.name} needs {', '.join(missing)} too")


def _key(given: Inputs, network: FlowNetwork) -> DeployerKey:
    if not (given.account and given.kms_key):
        return _stand_ins(network).key
    try:
        return DeployerKey(given.account, KmsFlowSigner(KmsKey(boto3.client("kms"), given.kms_key)))
    except BotoCoreError as error:
        raise InputError(f"KMS_KEY: {error}") from error


def _policy(given: Inputs, network: FlowNetwork) -> TrustedPolicy:
    try:
        encoded = _hex_in(given.policy) if given.policy else _stand_ins(network).policy
        return TrustedPolicy(network.flare, encoded)
    except ValueError as error:
        raise InputError(f"POLICY: {error}") from error


def _stand_ins(network: FlowNetwork) -> StandIns:
    assert network.stand_ins, "a public network was required to name this input"
    return network.stand_ins


def _hex_in(file: Path) -> bytes:
    return bytes.fromhex(file.read_text("ascii").strip().removeprefix("0x"))


def _statements(given: Inputs, network: FlowNetwork) -> AttestationTarget:
    source_id = given.source_id or network.flare.source_id
    prefix = given.statement_url_prefix or _stand_ins(network).statement_url_prefix
    assert source_id, "required where the network has none"
    try:
        if not prefix.endswith("/"):
            raise ValueError("the prefix must end with /, because the epoch follows as a segment of the path")
        statements = AttestationTarget(source_id, prefix)
        identifier(source_id)
    except ValueError as error:
        raise InputError(f"STATEMENT_URL_PREFIX or SOURCE_ID: {error}") from error
    return statements
