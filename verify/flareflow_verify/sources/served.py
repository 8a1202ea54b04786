"""What sources served, parsed; every function raises SourceError for what is not what it must be."""

from typing import Final

from flareflow.attestation.relay import RootMessage
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.errors import BrokenRuleError
from flareflow.statements.indexes import PageIndex
from flareflow.statements.models import Statement
from flareflow_verify.bundle import Sealed
from flareflow_verify.sources.host import AttestationDocument
from flareflow_verify.sources.http import SourceError

CONTRACT_NAME: Final = "UsageBasedSubscriptions"


def statement_of(sealed: Sealed) -> Statement:
    try:
        return Statement.parse(sealed.statement)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceError(f"the statements' host served something that is no statement: {error}") from error


def index_of(text: str) -> PageIndex:
    try:
        return PageIndex.parse(text)
    except (ValueError, BrokenRuleError) as error:
        raise SourceError(f"the statements' host served something that is no index of pages: {error}") from error


def voting_round_of(proof: AttestationDocument) -> int:
    try:
        return RootMessage.decode(proof.message).voting_round
    except ValueError as error:
        raise SourceError(f"the attestation has a malformed message: {error}") from error


def reward_epoch_of(policy: bytes) -> int:
    try:
        return SigningPolicy.decode(policy).reward_epoch
    except ValueError as error:
        raise SourceError(f"the attestation has a malformed signing policy: {error}") from error


def address_of(contract: str) -> str:
    """The address in a type identifier `A.<address>.<name>`. Raises SourceError for another text."""
    kind, _, rest = contract.partition(".")
    address, _, name = rest.partition(".")
    if kind != "A" or name != CONTRACT_NAME or len(address) != 16 or set(address) - set("0123456789abcdef"):
        raise SourceError(f"{contract[:100]!r} is no contract that this command knows")
    return address
