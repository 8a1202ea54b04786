"""The kinds of items in StatementsTable: statements, attestations, and signing policies of Flare."""

from typing import Final

from flareflow.adapters.dynamodb.keys import ItemKind

STATEMENT: Final = ItemKind(
    pk="STATEMENT#{epoch}",
    sk="SEALED",
    holds="A statement: its public body (canonical JSON) and its hash. Written once, after all of its documents.",
    serves="Sealing, attestation_submission, flow_billing and reconciliation read it by epoch.",
    attributes=("body", "statement_hash"),
)
LISTED_STATEMENT: Final = ItemKind(
    pk="STATEMENTS",
    sk="EPOCH#{epoch:020}",
    holds="One epoch in the list of statements.",
    serves="public_api lists statements, newest first; sealing and attestation_submission find the newest.",
    attributes=("statement_hash",),
)
ATTESTATION: Final = ItemKind(
    pk="ATTESTATION#{epoch}",
    sk="STATE",
    holds="How far the attestation of an epoch has come: `record` is all of it as JSON, `version` guards its changes.",
    serves="attestation_submission, flow_billing and public_api read it by epoch.",
    attributes=("state", "version", "record"),
)
LISTED_ATTESTATION: Final = ItemKind(
    pk="ATTESTATIONS",
    sk="EPOCH#{epoch:020}",
    holds="One attestation under way; deleted once the epoch is settled or skipped.",
    serves="attestation_submission and flow_billing list attestations under way, oldest epoch first.",
    attributes=("state",),
)
POLICY: Final = ItemKind(
    pk="POLICY",
    sk="REWARD#{reward_epoch:020}",
    holds="Flare's signing policy of a reward epoch and the signatures of the policy before it, in hex.",
    serves="attestation_submission stores it; flow_billing reads it by reward epoch, operator_api the newest ones.",
    attributes=("policy", "signatures"),
)
POLICY_SCAN: Final = ItemKind(
    pk="POLICY",
    sk="SCANNED",
    holds="The last block of Flare that was searched for signing policies.",
    serves="attestation_submission goes on from there.",
    attributes=("through_block",),
)

STATEMENT_KINDS: Final = (STATEMENT, LISTED_STATEMENT, ATTESTATION, LISTED_ATTESTATION, POLICY, POLICY_SCAN)
