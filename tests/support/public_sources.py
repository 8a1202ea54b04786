"""The public sources of a `World` in memory: the statements' host, a node of Flow over REST, a node of Flare."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx

from flareflow.adapters.flow.rest import FlowRest
from flareflow.transparency.tiles import LOG_PATH
from flareflow_verify.bundle import Bill, Charge
from flareflow_verify.evidence import NOTHING_TRUSTED, Trust
from flareflow_verify.gathering import Gather
from flareflow_verify.sources.da import DataAvailability
from flareflow_verify.sources.flare import FlareNode
from flareflow_verify.sources.flow import FlowNode
from flareflow_verify.sources.host import StatementHost
from flareflow_verify.sources.http import Budget
from tests.support.bills import CHARGE_HEIGHT, EPOCHS, FIRST_EPOCH, SUBSCRIPTION, TARGET, VOTING_ROUND, World
from tests.support.flare_chain import FlareChain

HOST: Final = "https://statements.example"
FLOW: Final = "https://flow.example"
FLARE: Final = "https://flare.example/rpc"
SESSION: Final = "a session token"
NEWEST_HEIGHT: Final = 3_000
"""Blocks are a second apart; block 1,000 begins with the second after the newest statement's epoch."""


def cdc(kind: str, value: Any) -> dict[str, Any]:
    """A value in JSON-Cadence. None is an empty optional."""
    if value is None:
        return {"type": "Optional", "value": None}
    if kind == "UFix64":
        return {"type": kind, "value": f"{value // 10**8}.{value % 10**8:08d}"}
    return {"type": kind, "value": value if isinstance(value, bool) else str(value)}


def struct(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Struct", "value": {"id": "S", "fields": [{"name": n, "value": v} for n, v in fields.items()]}}


def array(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "Array", "value": items}


@dataclass
class PublicSources:
    """Answers requests as the real sources would. `answers` replaces what is answered under a path or a script.

    `keeps_state_from` is the first block whose state the node of Flow has. With `forgets_roots` the contracts no longer
    keep roots and statements, as after a week.
    """

    world: World
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    keeps_state_from: int = 0
    forgets_roots: bool = False
    statements_listed: int = 50
    flare: FlareChain = field(default_factory=FlareChain)
    requests: list[str] = field(default_factory=list)
    budget: Budget = field(default_factory=Budget)

    def gather(self, say: Callable[[str], None] = lambda _: None, trust: Trust = NOTHING_TRUSTED) -> Gather:
        budget, transport = self.budget, httpx.MockTransport(self.answer)
        flow = FlowRest(budget.client(FLOW, transport))
        return Gather(
            StatementHost(budget.client(HOST, transport)),
            lambda address: FlowNode(flow, address),
            FlareNode(budget.client(transport=transport), FLARE),
            trust,
            say,
        )

    def da(self, *, status: int = 200, **changes: Any) -> DataAvailability:
        """Flare's data availability layer, which has this one attestation; `changes` are of its answer."""
        attested, request = self.world.attested, TARGET.request(self.world.statement.epoch, self.world.statement.words)
        served = {
            "response_hex": f"0x{attested.response.hex()}",
            "proof": [f"0x{one.hex()}" for one in attested.siblings],
        }

        def answer(asked: httpx.Request) -> httpx.Response:
            if asked.url.path == "/api/v0/fsp/status":
                return httpx.Response(200, json={"latest_fdc": {"voting_round_id": VOTING_ROUND}})
            wanted = {"votingRoundId": VOTING_ROUND, "requestBytes": f"0x{request.hex()}"}
            is_there = json.loads(asked.content) == wanted and status == 200
            return httpx.Response(200 if is_there else status, json={**served, **changes} if is_there else {})

        return DataAvailability(self.budget.client("https://da.example", httpx.MockTransport(answer)))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.url.host}{request.url.path}")
        host = {"statements.example": self._host, "flow.example": self._flow, "flare.example": self._flare}
        return self.answers.get(request.url.path) or host[request.url.host](request)

    def _host(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/statements":
            before = request.url.params.get("cursor")
            listed = self.world.statements.list(None if before is None else int(before), self.statements_listed)
            return httpx.Response(200, json={"statements": [{"epoch": str(epoch)} for epoch, _ in listed]})
        if path.startswith(usage := f"/v1/subscriptions/{SUBSCRIPTION}/usage/"):
            if request.headers.get("authorization") != f"Bearer {SESSION}":
                return httpx.Response(401)
            epoch, cursor = int(path.removeprefix(usage)), int(request.url.params.get("cursor", "0"))
            return self._events(self.world.events_of(epoch), cursor)
        if path.startswith(f"{LOG_PATH}/"):
            content = self.world.log.files.kept.get(path.removeprefix(f"{LOG_PATH}/"))
            return httpx.Response(404) if content is None else httpx.Response(200, content=content)
        document = self.world.documents.kept.get(path)
        return httpx.Response(200, text=document.text) if document else httpx.Response(404)

    def _events(self, events: Sequence[str], position: int) -> httpx.Response:
        """One event a page."""
        following = str(position + 1) if position + 1 < len(events) else None
        items = [{"leaf": text} for text in events[position : position + 1]]
        return httpx.Response(200, json={"items": items, "next_cursor": following})

    def _flow(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/v1/blocks":
                given = request.url.params["height"]
                return self._block(NEWEST_HEIGHT if given == "sealed" else int(given))
            case "/v1/events":
                return self._flow_events(request)
            case "/v1/scripts":
                return self._script(request)
        return httpx.Response(404)

    def _block(self, height: int) -> httpx.Response:
        return httpx.Response(200, json=[{"header": {"id": "ab", "height": height, "timestamp": self._time(height)}}])

    def _time(self, height: int) -> str:
        return (EPOCHS.end(FIRST_EPOCH + 1) + timedelta(seconds=height - 1_000)).isoformat()

    def _flow_events(self, request: httpx.Request) -> httpx.Response:
        first, last = int(request.url.params["start_height"]), int(request.url.params["end_height"])
        charge = self.world.on_flow.charge
        assert charge is not None
        blocks = [
            {
                "block_height": str(height),
                "block_timestamp": self._time(height),
                "events": [_event(request.url.params["type"], charge, self.world)] if height == CHARGE_HEIGHT else [],
            }
            for height in range(first, last + 1)
        ]
        return httpx.Response(200, json=blocks)

    def _script(self, request: httpx.Request) -> httpx.Response:
        code = base64.b64decode(json.loads(request.content)["script"]).decode()
        given = request.url.params["block_height"]
        height = NEWEST_HEIGHT if given == "sealed" else int(given)
        for name, made in (("struct Bill", self._bill), ("struct Confirmed", self._confirmed)):
            if name in code:
                value = made(height)
                break
        else:
            value = self._triggers()
        if height < self.keeps_state_from or value is None:
            return httpx.Response(400, json={"message": "state commitment not found"})
        encoded = base64.b64encode(json.dumps(value).encode()).decode()
        return httpx.Response(200, json=encoded)

    def _bill(self, height: int) -> dict[str, Any]:
        on_flow = self.world.on_flow
        assert on_flow.charge is not None
        before = on_flow.charge.before
        return _bill(on_flow.bill if height >= CHARGE_HEIGHT or before is None else before)

    def _confirmed(self, _: int) -> dict[str, Any]:
        on_flow = self.world.on_flow
        assert on_flow.root is not None
        assert on_flow.settlement_root is not None
        is_kept = not self.forgets_roots
        return struct(
            root=cdc("String", on_flow.root.hex() if is_kept else None),
            settlementRoot=cdc("String", on_flow.settlement_root.hex() if is_kept else None),
            totalMicrotokens=cdc("UInt256", on_flow.total_microtokens if is_kept else None),
            roundsPerRewardEpoch=cdc("UInt64", on_flow.rounds_per_reward_epoch),
            sourceChainId=cdc("UInt256", on_flow.source_chain_id),
        )

    def _triggers(self) -> dict[str, Any]:
        (trigger,) = self.world.on_flow.triggers
        return array(
            [
                struct(
                    triggerId=cdc("String", trigger.trigger_id),
                    announcedAt=cdc("UFix64", 1),
                    effectiveAt=cdc("UFix64", 2),
                    isPending=cdc("Bool", trigger.is_pending),
                    handler=cdc("Address", "0xf8d6e0586b0a20c7"),
                    source=cdc("String", trigger.source),
                    urlPrefix=cdc("String", trigger.url_prefix),
                    postProcessJq=cdc("String", trigger.post_process_jq),
                    abiSignature=cdc("String", trigger.abi_signature),
                    words=cdc("Int", 11),
                )
            ]
        )

    def _flare(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        answered = self.flare.answer(asked["method"], asked["params"], self.world)
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1} | answered)


def _bill(bill: Bill) -> dict[str, Any]:
    tiers = [
        struct(endTokens=cdc("UInt64", one.end_tokens), price=cdc("UFix64", one.price_ufix64)) for one in bill.tiers
    ]
    return struct(
        tokenStoragePath=cdc("String", bill.token_storage_path),
        owner=cdc("Address", bill.owner),
        planId=cdc("UInt64", bill.plan_id),
        planVersion=cdc("UInt64", bill.plan_version),
        isInDollars=cdc("Bool", bill.needs_rate),
        tiers=array(tiers),
        costOffset=cdc("Int128", bill.cost_offset),
        planFrom=cdc("UInt64", bill.plan_from),
        paidDollars=cdc("UFix64", bill.paid_dollars_ufix64),
        charged=cdc("UFix64", bill.charged_ufix64),
        owed=cdc("UFix64", bill.owed_ufix64),
        balance=cdc("UFix64", bill.balance_ufix64),
        settledMicrotokens=cdc("UInt64", bill.settled_microtokens),
        settledEpoch=cdc("UInt64", bill.settled_epoch),
    )


def _event(kind: str, charge: Charge, world: World) -> dict[str, Any]:
    """The event of a kind in the block of the charge; there is one of each."""
    on_flow = world.on_flow
    assert on_flow.root is not None
    assert on_flow.settlement_root is not None
    payloads = {
        "Settled": _settled(charge, world),
        "RootConfirmed": struct(
            votingRound=cdc("UInt64", VOTING_ROUND),
            root=cdc("String", on_flow.root.hex()),
            rewardEpoch=cdc("UInt64", 1),
            weight=cdc("UInt64", 1),
        ),
        "StatementConfirmed": struct(
            epoch=cdc("UInt64", charge.epoch), settlementRoot=cdc("String", on_flow.settlement_root.hex())
        ),
    }
    payload = {**payloads[kind.rpartition(".")[2]], "type": "Event"}
    return {
        "type": kind,
        "transaction_id": charge.transaction_id,
        "transaction_index": 0,
        "event_index": 0,
        "payload": base64.b64encode(json.dumps(payload).encode()).decode(),
    }


def _settled(charge: Charge, world: World) -> dict[str, Any]:
    return struct(
        subscriptionId=cdc("UInt64", SUBSCRIPTION),
        epoch=cdc("UInt64", charge.epoch),
        ratedMicrotokens=cdc("UInt64", charge.rated_microtokens),
        charged=cdc("UFix64", charge.charged_ufix64),
        owed=cdc("UFix64", charge.owed_ufix64),
        balanceAfter=cdc("UFix64", world.on_flow.bill.balance_ufix64),
        rate=cdc("UFix64", charge.rate_ufix64),
    )
