"""Attestations and signing policies in StatementsTable."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import ABSENT, Item
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.statement_kinds import ATTESTATION, LISTED_ATTESTATION, POLICY, POLICY_SCAN
from flareflow.attestation.models import Attestation, SignedPolicy, State

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

UNDER_WAY_MAX: Final = 100
"""Attestations looked at in one tick. The oldest come first, so a later tick reads the rest."""

_ATTESTATION: Final = LateAdapter(Attestation)


@dataclass(frozen=True, slots=True)
class DynamoAttestations:
    """`Attestations`: an item for each epoch, and a list of those under way."""

    table: "Table"

    def get(self, epoch: int) -> Attestation | None:
        with translating("read an attestation"):
            item = self.table.get_item(Key=ATTESTATION.key(epoch=epoch), ConsistentRead=True).get("Item")
        return attestation_of(str(item["record"])) if item else None

    def epochs_under_way(self) -> Sequence[int]:
        return [epoch for epoch, _ in self.states()]

    def states(self) -> Sequence[tuple[int, State]]:
        """(epoch, state) of those under way, the oldest first, by one query."""
        with translating("list the attestations under way"):
            listed = self.table.query(
                KeyConditionExpression=LISTED_ATTESTATION.all_of(), ConsistentRead=True, Limit=UNDER_WAY_MAX
            )["Items"]
        return [(LISTED_ATTESTATION.number(one, "epoch"), State(str(one["state"]))) for one in listed]

    def of(self, epochs: Collection[int]) -> Mapping[int, Attestation]:
        """Those of these epochs that were begun. Of a record of an unknown form only its state is told."""
        keys = {ATTESTATION.key(epoch=epoch)["pk"]: epoch for epoch in epochs}
        items = read_items(self.table, [ATTESTATION.key(epoch=epoch) for epoch in epochs], time.sleep)
        return {keys[item["pk"]]: _parsed_or_state(keys[item["pk"]], item) for item in items}

    def save(self, attestation: Attestation) -> Attestation:
        saved = replace(attestation, version=attestation.version + 1)
        with translating(f"save the attestation of epoch {saved.epoch}"):
            self.table.meta.client.transact_write_items(
                TransactItems=[self._put(saved, over=attestation.version), self._listing(saved)]
            )
        return saved

    def _put(self, attestation: Attestation, over: int) -> Any:
        item = {
            **ATTESTATION.key(epoch=attestation.epoch),
            "state": attestation.state.value,
            "version": attestation.version,
            "record": _ATTESTATION.dump_json(attestation).decode(),
        }
        unchanged = "#version = :version" if over else ABSENT
        condition: dict[str, Any] = {"ConditionExpression": unchanged}
        if over:
            condition["ExpressionAttributeNames"] = {"#version": "version"}
            condition["ExpressionAttributeValues"] = {":version": over}
        return {"Put": {"TableName": self.table.name, "Item": item, **condition}}

    def _listing(self, attestation: Attestation) -> Any:
        key = LISTED_ATTESTATION.key(epoch=attestation.epoch)
        if attestation.state.is_final:
            return {"Delete": {"TableName": self.table.name, "Key": key}}
        return {"Put": {"TableName": self.table.name, "Item": {**key, "state": attestation.state.value}}}


@dataclass(frozen=True, slots=True)
class DynamoPolicies:
    """`Policies`: an item for each reward epoch, and how far Flare's blocks were searched."""

    table: "Table"

    def scanned_through(self) -> int | None:
        with translating("read how far Flare's blocks were searched"):
            item = self.table.get_item(Key=POLICY_SCAN.key(), ConsistentRead=True).get("Item")
        return int(str(item["through_block"])) if item else None

    def scanned(self, through_block: int) -> None:
        with translating("store how far Flare's blocks were searched"):
            self.table.put_item(Item={**POLICY_SCAN.key(), "through_block": through_block})

    def get(self, reward_epoch: int) -> SignedPolicy | None:
        with translating("read a signing policy"):
            item = self.table.get_item(Key=POLICY.key(reward_epoch=reward_epoch), ConsistentRead=True).get("Item")
        return _policy_of(item) if item else None

    def newest(self, limit: int) -> Sequence[SignedPolicy]:
        with translating("list the newest signing policies"):
            items = self.table.query(
                KeyConditionExpression=POLICY.all_of(), ScanIndexForward=False, ConsistentRead=True, Limit=limit
            )["Items"]
        return list(map(_policy_of, items))

    def put(self, policy: SignedPolicy) -> None:
        with translating("store a signing policy"):
            self.table.put_item(
                Item={
                    **POLICY.key(reward_epoch=policy.reward_epoch),
                    "policy": policy.policy.hex(),
                    "signatures": policy.signatures.hex(),
                }
            )


def _policy_of(item: Item) -> SignedPolicy:
    policy, signatures = bytes.fromhex(str(item["policy"])), bytes.fromhex(str(item["signatures"]))
    return SignedPolicy(POLICY.number(item, "reward_epoch"), policy, signatures)


def attestation_of(record: str) -> Attestation:
    return _ATTESTATION.validate_json(record)


def _parsed_or_state(epoch: int, item: Any) -> Attestation:
    try:
        return attestation_of(str(item["record"]))
    except ValueError:
        return Attestation(epoch, (), State(str(item["state"])), reasons=("the record has an unknown form",))
