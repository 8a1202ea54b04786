"""`python -m tests.support.shipped_proofs` writes `tests/vectors/proofs`: a log, its bill, and proofs of what differs.

The receipts are signed by a key that anybody can derive; nothing was recorded on a public network. A signature is
another one at every run, so the files are written only when their form changes.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from flareflow_verify.audit.bills import Bills
from flareflow_verify.audit.comparing import Comparison, Kind
from flareflow_verify.audit.log import read_log
from flareflow_verify.audit.proof import Proof, proof_of
from flareflow_verify.audit.receipts import Keys
from flareflow_verify.bundle import Bundle
from flareflow_verify.gathering import Wanted
from tests.support.bills import CONTRACT, FIRST_EPOCH, SUBSCRIPTION, World
from tests.support.public_sources import SESSION, PublicSources
from tests.support.signed_receipts import STRANGER, keys, signed, world_with_keys

FOLDER: Final = Path(__file__).parents[1] / "vectors" / "proofs"
EXPECTED: Final = FOLDER / "expected.json"
NOT_BILLED: Final = "0192f6a0-0000-7000-8000-000000000000"


class Expected(BaseModel):
    """What a check of a proof finds: whether it holds."""

    what: str
    holds: bool


class Manifest(BaseModel):
    """The trust with which all proofs are checked, and what is found in each, by its file."""

    trusted_policy: str
    contract: str
    proofs: dict[str, Expected]


def bundles_of(world: World) -> Sequence[Bundle]:
    """The bills of both epochs, with the owner's calls."""
    gather = PublicSources(world).gather(trust=world.trust)
    return [gather.run(Wanted(SUBSCRIPTION, epoch, SESSION)) for epoch in (FIRST_EPOCH, FIRST_EPOCH + 1)]


def log_of(events: Sequence[str]) -> list[str]:
    """Receipts of which one was never kept, one signs less than is billed, and one names another book; and a line
    without a receipt that tells other tokens."""
    unbilled = events[0].replace(json.loads(events[0])["event_id"], NOT_BILLED)
    used = {"prompt_tokens": 1, "completion_tokens": 2}
    return [
        signed(unbilled),
        signed_less(events[0]),
        signed(events[1]),
        signed(events[1], request_hash="cc" * 32),
        signed(events[2], STRANGER),
        signed(events[3], price_book_hash=f"0x{'12' * 32}"),
        json.dumps({"event_id": json.loads(events[4])["event_id"], "usage": used}),
    ]


def signed_less(event: str) -> str:
    """A receipt of 1.5 rated tokens less than is billed."""
    return signed(event, rated_microtokens=int(json.loads(event)["rated_microtokens"]) - 1_500_000)


def proofs_of(log: Sequence[str], bundles: Sequence[Bundle]) -> Iterator[Proof]:
    """The proofs of all that an audit of a log finds."""
    document, bills = keys().canonical_json, Bills(bundles)
    comparison = Comparison(read_log(log), bills, Keys.named_by(bills.evidence[-1].statement, document))
    return (proof_of(one, comparison, document) for one in comparison.deviations() if not one.is_harmless)


WHAT: Final = {
    Kind.EXTRA: "a call is billed that is not in the log",
    Kind.DIFFERENT: "a call is billed for other tokens than the log tells",
    Kind.OVERBILLED: "a call is billed for 1.5 rated tokens more than its receipt signs",
    Kind.ANOTHER_BOOK: "a call is rated by a book that was in force when its receipt named another one",
    Kind.PROMISE_BROKEN: "a call is in no statement, although its receipt promised it",
    Kind.TWO_RECEIPTS: "two receipts say different things of one call",
    Kind.BAD_RECEIPT: "a receipt is signed by a key that no statement names",
}


def proofs() -> Iterator[tuple[str, Expected, Any]]:
    """Name, what is found, and content of each proof."""
    world = world_with_keys()
    bundles = bundles_of(world)
    events = [*world.events_of(FIRST_EPOCH), *world.events]
    made = {proof.kind: json.loads(proof.text) for proof in proofs_of(log_of(events), bundles)}
    for kind, content in made.items():
        yield f"good-{kind}", Expected(what=WHAT[kind], holds=True), content
    bad = {
        "bad-receipt-of-a-stranger": (Kind.OVERBILLED, "receipts", [signed(events[0], STRANGER, rated_microtokens=1)]),
        "bad-receipt-as-billed": (Kind.OVERBILLED, "receipts", [signed(events[0])]),
        "bad-other-keys": (Kind.OVERBILLED, "receipt_keys", keys(valid_from_epoch=0).canonical_json),
        "bad-earlier-bill-left-out": (Kind.PROMISE_BROKEN, "bills", made[Kind.PROMISE_BROKEN]["bills"][1:]),
        "bad-one-receipt-twice": (Kind.TWO_RECEIPTS, "receipts", [signed(events[1]), signed(events[1])]),
    }
    for name, (kind, field, value) in bad.items():
        yield name, Expected(what=f"{WHAT[kind]}; {field} is another", holds=False), {**made[kind], field: value}
    billed = json.loads(json.dumps(made[Kind.PROMISE_BROKEN]))
    del billed["bills"][1]["events"][0]
    yield "bad-call-left-out", Expected(what="one of the billed calls is not shown", holds=False), billed


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json*"):
        path.unlink()
    found: dict[str, Expected] = {}
    for name, expected, content in proofs():
        found[f"{name}.json"] = expected
        (FOLDER / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    world = world_with_keys()
    (FOLDER / "bill.json").write_text(bundles_of(world)[1].text)
    (FOLDER / "receipt-keys.json").write_text(keys().canonical_json)
    (FOLDER / "calls.jsonl").write_text("\n".join(_example(world.events)) + "\n")
    trusted = world.trust.policy_hash
    assert trusted is not None
    manifest = Manifest(trusted_policy=f"0x{trusted.hex()}", contract=CONTRACT, proofs=found)
    EXPECTED.write_text(manifest.model_dump_json(indent=1) + "\n")


def _example(events: Sequence[str]) -> list[str]:
    """The log of the documentation: one call was billed for a token more than was signed, and one is not there."""
    return [signed_less(events[0]), signed(events[1])]


if __name__ == "__main__":
    main()
