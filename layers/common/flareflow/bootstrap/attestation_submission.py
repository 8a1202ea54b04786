"""Composition root of `attestation_submission`."""

from functools import cache

import boto3

from flareflow.adapters.aws.documents import S3Documents
from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.dynamodb.attestations import DynamoAttestations, DynamoPolicies
from flareflow.adapters.dynamodb.statements import DynamoStatements
from flareflow.adapters.flare.contracts import Web3Flare
from flareflow.adapters.flare.data_availability import HttpDataAvailability
from flareflow.adapters.flare.evm_signer import KmsEvmSigner
from flareflow.attestation.advancing import AdvanceAttestations
from flareflow.attestation.policies import RecordPolicies
from flareflow.attestation.request import AttestationTarget
from flareflow.entrypoints.settings import Settings


class AttestationSubmissionSettings(Settings):
    """Environment of the function."""

    statements_table: str
    documents_bucket: str
    statement_url_prefix: str
    flare_rpc_url: str
    flare_registry_address: str
    flare_source_id: str
    flare_da_url: str
    flare_key_id: str
    flare_start_block: int


@cache
def settings() -> AttestationSubmissionSettings:
    return AttestationSubmissionSettings.from_environment()


@cache
def flare() -> Web3Flare:
    signer = KmsEvmSigner(KmsKey(boto3.client("kms"), settings().flare_key_id))
    return Web3Flare.at(settings().flare_rpc_url, settings().flare_registry_address, signer)


@cache
def record_policies() -> RecordPolicies:
    table = boto3.resource("dynamodb").Table(settings().statements_table)
    return RecordPolicies(flare(), DynamoPolicies(table), settings().flare_start_block)


@cache
def advance_attestations() -> AdvanceAttestations:
    table = boto3.resource("dynamodb").Table(settings().statements_table)
    return AdvanceAttestations(
        target=AttestationTarget(settings().flare_source_id, settings().statement_url_prefix),
        flare=flare(),
        availability=HttpDataAvailability.at(settings().flare_da_url),
        statements=DynamoStatements(table),
        attestations=DynamoAttestations(table),
        policies=DynamoPolicies(table),
        documents=S3Documents(boto3.client("s3"), settings().documents_bucket),
    )
