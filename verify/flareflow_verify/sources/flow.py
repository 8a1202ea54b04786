"""A node of Flow over REST: the contract's state and the events of settlements."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter

from flareflow.adapters.flow.cadence import contract_addresses
from flareflow.adapters.flow.contracts import FlowChainLog
from flareflow.adapters.flow.json_cdc import uint64
from flareflow.adapters.flow.rest import FlowRest, FlowScripts
from flareflow.errors import FlowNotFoundError, FlowRefusedError, UnavailableError
from flareflow.settlement.events import Settled
from flareflow_verify.bundle import Bill, Charge, Trigger
from flareflow_verify.sources.http import SourceError

EVENT_BLOCKS: Final = 250
EVENT_REQUESTS_MAX: Final = 60
"""Blocks of about three hours on Flow's mainnet."""
BISECTIONS_MAX: Final = 64
FIRST_STEP_BLOCKS: Final = 1_000
BUILT_IN: Final = "emulator"
"""Any network: the scripts import contracts of one account only."""

_BILL_NAMES: Final = {
    "tokenStoragePath": "token_storage_path",
    "planId": "plan_id",
    "planVersion": "plan_version",
    "isInDollars": "needs_rate",
    "costOffset": "cost_offset",
    "planFrom": "plan_from",
    "paidDollars": "paid_dollars_ufix64",
    "charged": "charged_ufix64",
    "owed": "owed_ufix64",
    "balance": "balance_ufix64",
    "settledMicrotokens": "settled_microtokens",
    "settledEpoch": "settled_epoch",
    "endTokens": "end_tokens",
    "price": "price_ufix64",
}
_TRIGGER_NAMES: Final = {
    "triggerId": "trigger_id",
    "urlPrefix": "url_prefix",
    "postProcessJq": "post_process_jq",
    "abiSignature": "abi_signature",
    "isPending": "is_pending",
}
_TRIGGER_UNUSED: Final = {"announcedAt", "effectiveAt", "handler", "words"}
_BILL: Final = TypeAdapter(Bill)
_TRIGGERS: Final = TypeAdapter(tuple[Trigger, ...])


@dataclass(frozen=True, slots=True)
class FlowNode:
    """The contracts of one account. Every method raises SourceError without a usable answer.

    `times` are those of blocks that were asked for: bills of one range are looked for among the same blocks.
    """

    rest: FlowRest
    contract_address: str
    times: dict[int, datetime] = field(default_factory=dict)

    @property
    def _scripts(self) -> FlowScripts:
        return FlowScripts(self.rest, contract_addresses(BUILT_IN, self.contract_address))

    def newest_height(self) -> int:
        with self._translating():
            return self.rest.latest_sealed_block().height

    def bill(self, subscription_id: int, height: int) -> Bill:
        """A subscription after a block."""
        with self._translating():
            answer = self._scripts.run("subscriptions/get_bill.cdc", [uint64(subscription_id)], height)
            if answer is None:
                raise SourceError(f"{self.contract_address} on Flow has no subscription {subscription_id}")
            return _BILL.validate_python(_renamed(answer, _BILL_NAMES))

    def bill_if_kept(self, subscription_id: int, height: int) -> Bill | None:
        """The same; None when the node does not keep the state after that block."""
        with self._translating():
            try:
                answer = self._scripts.run("subscriptions/get_bill.cdc", [uint64(subscription_id)], height)
            except FlowRefusedError:
                return None
            return None if answer is None else _BILL.validate_python(_renamed(answer, _BILL_NAMES))

    def confirmed(self, voting_round: int, epoch: int) -> Mapping[str, Any]:
        """What is confirmed of a round and an epoch, in the words of the bundle."""
        with self._translating():
            answer: Any = self._scripts.run("fdc/get_confirmed.cdc", [uint64(voting_round), uint64(epoch)])
            root, settlement_root = answer["root"], answer["settlementRoot"]
            return {
                "root": None if root is None else f"0x{root}",
                "settlement_root": None if settlement_root is None else f"0x{settlement_root}",
                "total_microtokens": answer["totalMicrotokens"],
                "rounds_per_reward_epoch": answer["roundsPerRewardEpoch"],
                "source_chain_id": answer["sourceChainId"],
            }

    def was_confirmed(self, voting_round: int, epoch: int, after: int) -> Mapping[str, Any]:
        """The roots of a round and an epoch by the events that told them, searched from a time on (Unix seconds).

        The contracts keep roots for a week, and an access node keeps events for as long as the network runs. None
        stands for an event that was not found.
        """
        wanted = {
            "root": (f"A.{self.contract_address}.FlareOracleVerifier.RootConfirmed", "votingRound", voting_round),
            "settlement_root": (
                f"A.{self.contract_address}.UsageBasedSubscriptions.StatementConfirmed",
                "epoch",
                epoch,
            ),
        }
        found: dict[str, Any] = dict.fromkeys(wanted)
        with self._translating():
            for start, end in self._block_ranges(after):
                for name, (kind, field, number) in wanted.items():
                    if found[name] is None:
                        found[name] = self._root_told(kind, field, number, start, end)
                if None not in found.values():
                    break
        return found

    def _root_told(self, kind: str, field: str, number: int, start: int, end: int) -> str | None:
        """The root in the first event of a kind in which a field has a number, in these blocks."""
        for block in self.rest.events(kind, start, end):
            for event in block.events:
                told: Any = event.fields()
                if told[field] == number:
                    return f"0x{told['root' if 'root' in told else 'settlementRoot']}"
        return None

    def triggers(self) -> tuple[Trigger, ...]:
        """All requests that may be attested for the contracts."""
        with self._translating():
            answer: Any = self._scripts.run("fdc/get_triggers.cdc")
            used = [{name: one[name] for name in one if name not in _TRIGGER_UNUSED} for one in answer]
            return _TRIGGERS.validate_python(_renamed(used, _TRIGGER_NAMES))

    def charge(self, subscription_id: int, epoch: int, after: int) -> Charge | None:
        """The first settlement of a subscription by an epoch, searched from a time on (Unix seconds)."""
        with self._translating():
            log = FlowChainLog(self.rest, self.contract_address)
            for start, end in self._block_ranges(after):
                for event in log.events(start, end, ["Settled"]).events:
                    happened = event.happened
                    if isinstance(happened, Settled) and (happened.subscription_id, happened.epoch) == (
                        subscription_id,
                        epoch,
                    ):
                        return Charge(
                            transaction_id=event.transaction_id,
                            height=event.position.height,
                            epoch=epoch,
                            rated_microtokens=happened.rated_microtokens,
                            charged_ufix64=happened.charged_ufix64,
                            owed_ufix64=happened.owed_ufix64,
                            rate_ufix64=happened.rate_ufix64,
                            before=self.bill_if_kept(subscription_id, event.position.height - 1),
                        )
            return None

    def _block_ranges(self, after: int) -> Iterator[tuple[int, int]]:
        """The first and the last block of each request for events, from a time on (Unix seconds)."""
        newest = self.rest.latest_sealed_block().height
        first = self._block_before(datetime.fromtimestamp(after, UTC), newest)
        for start in range(first, newest + 1, EVENT_BLOCKS)[:EVENT_REQUESTS_MAX]:
            yield start, min(start + EVENT_BLOCKS - 1, newest)

    def _block_before(self, moment: datetime, newest: int) -> int:
        """A block that is at most EVENT_BLOCKS before the first one of a time or later."""
        high, low, step = newest, 0, FIRST_STEP_BLOCKS
        for _ in range(BISECTIONS_MAX):
            tried = max(high - step, 0)
            if tried == 0 or self._is_before(tried, moment):
                low = tried
                break
            high, step = tried, 2 * step
        for _ in range(BISECTIONS_MAX):
            if high - low <= EVENT_BLOCKS:
                break
            middle = (low + high) // 2
            low, high = (middle, high) if self._is_before(middle, moment) else (low, middle)
        return low

    def _is_before(self, height: int, moment: datetime) -> bool:
        """Whether a block is of an earlier time; one that the node does not have is."""
        if height not in self.times:
            try:
                self.times[height] = self.rest.block(height).timestamp
            except FlowNotFoundError:
                return True
        return self.times[height] < moment

    @contextmanager
    def _translating(self) -> Iterator[None]:
        name = f"the node of Flow {str(self.rest.http.base_url).rstrip('/')}"
        try:
            yield
        except FlowRefusedError as error:
            hint = f"is it a node of the network with the contract 0x{self.contract_address}?"
            raise SourceError(f"{name} refuses: {error}; {hint}") from error
        except UnavailableError as error:
            raise SourceError(f"{name} gave no usable answer: {error}") from error
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise SourceError(f"{name} answered in an unknown form: {str(error)[:200]}") from error


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """The value with the bundle's names of fields, in structs within it too."""
    match value:
        case dict():
            return {names.get(field, field): _renamed(inner, names) for field, inner in value.items()}
        case list():
            return [_renamed(item, names) for item in value]
    return value
