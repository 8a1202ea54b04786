"""Proofs that `flareflow audit` writes: anybody can check them, and none shows what its documents do not."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from flareflow.metering.calls import Tokens
from flareflow_verify.audit.bills import Bills
from flareflow_verify.audit.comparing import Comparison, Kind
from flareflow_verify.audit.log import read_log
from flareflow_verify.audit.proof import Proof, check_proof, proof_of
from flareflow_verify.audit.receipts import Keys
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Exit
from flareflow_verify.gathering import Wanted
from tests.fakes.metering import FakeReceiptKeys
from tests.support.bills import FIRST_EPOCH, SUBSCRIPTION, World
from tests.support.public_sources import SESSION, PublicSources
from tests.support.signed_receipts import STRANGER, keys, signed, world_with_keys

WORLD: Final = world_with_keys()
EVERY: Final = [*WORLD.events_of(FIRST_EPOCH), *WORLD.events]
UNBILLED: Final = EVERY[0].replace(f"{FIRST_EPOCH}-{SUBSCRIPTION}-0", "not billed")
OTHER_BOOK: Final = f"0x{'12' * 32}"
USED: Final = {"prompt_tokens": 1, "completion_tokens": 2}


def bundles_of(world: World) -> Sequence[Bundle]:
    gather = PublicSources(world).gather(trust=world.trust)
    epochs = (FIRST_EPOCH, FIRST_EPOCH + 1)
    return [gather.run(Wanted(SUBSCRIPTION, epoch, SESSION)) for epoch in epochs]


BUNDLES: Final = bundles_of(WORLD)


def proofs(lines: Sequence[str], world: World = WORLD, bundles: Sequence[Bundle] = BUNDLES) -> list[Proof]:
    """The proofs of what an audit of this log finds."""
    document = keys().canonical_json
    bills = Bills(bundles)
    comparison = Comparison(read_log(lines), bills, Keys.named_by(bills.evidence[-1].statement, document))
    return [proof_of(one, comparison, document) for one in comparison.deviations() if not one.is_harmless]


def lines(*changed: str, left_out: int = 0) -> list[str]:
    """Receipts of the calls, but for the first ones; and these."""
    return [*changed, *map(signed, EVERY[left_out:])]


def as_user_logged(event: str) -> str:
    return json.dumps({"event_id": json.loads(event)["event_id"], "usage": USED})


LIES: Final[dict[Kind, list[str]]] = {
    Kind.EXTRA: lines(left_out=1),
    Kind.DIFFERENT: lines(as_user_logged(EVERY[0]), left_out=1),
    Kind.OVERBILLED: lines(signed(EVERY[0], rated_microtokens=5), left_out=1),
    Kind.ANOTHER_BOOK: lines(signed(EVERY[5], price_book_hash=OTHER_BOOK))[:1] + lines()[:5],
    Kind.PROMISE_BROKEN: lines(signed(UNBILLED)),
    Kind.TWO_RECEIPTS: lines(signed(EVERY[0], request_hash="cc" * 32)),
    Kind.BAD_RECEIPT: lines(signed(EVERY[0], STRANGER), left_out=1),
}
"""A log for each kind of fault, of which the audit finds this one alone."""


@pytest.mark.parametrize(("kind", "log"), LIES.items(), ids=LIES)
def test_a_proof_of_each_fault_holds_for_whoever_has_nothing_else(kind: Kind, log: list[str]) -> None:
    # Given the proof of the only fault
    (proof,) = proofs(log)
    # When somebody reads its file
    read = Proof.parse(proof.text.encode())
    checked = check_proof(read, WORLD.trust)
    # Then it shows that fault
    assert (read.kind, checked.exit) == (kind, Exit.VERIFIED)
    assert checked.deviation is not None
    assert checked.deviation.kind is kind


def test_a_call_in_two_statements_is_proven_by_both() -> None:
    class Twice(World):
        def _seal(self, epoch: int) -> None:
            if epoch == FIRST_EPOCH + 1:
                self.usage.kept[epoch][SUBSCRIPTION].append(self.usage.kept[FIRST_EPOCH][SUBSCRIPTION][0])
            super()._seal(epoch)

    world = Twice(receipt_keys=WORLD.receipt_keys)
    (proof,) = proofs(lines(), world, bundles_of(world))
    assert (proof.kind, len(proof.bills), check_proof(proof, world.trust).exit) == (Kind.TWICE, 2, Exit.VERIFIED)


def test_a_receipt_of_a_newer_key_is_proven_by_the_statement_that_names_it() -> None:
    # Given keys that only the newest statement names, and a receipt of a call that is billed in the one before
    world = World(receipt_keys=FakeReceiptKeys({0: keys(STRANGER), FIRST_EPOCH + 1: keys()}))
    (proof,) = proofs(LIES[Kind.OVERBILLED], world, bundles_of(world))
    # Then both bills are in the proof
    assert (len(proof.bills), check_proof(proof, world.trust).exit) == (2, Exit.VERIFIED)


@pytest.mark.parametrize("kind", [kind for kind in LIES if kind is not Kind.PROMISE_BROKEN])
def test_a_proof_has_no_other_call_of_its_owner(kind: Kind) -> None:
    (proof,) = proofs(LIES[kind])
    others = [json.loads(text)["event_id"] for text in EVERY if json.loads(text)["event_id"] != proof.event_id]
    assert not [one for one in others if one in proof.text]


type Change = Callable[[Any], object]


def _set(name: str, value: Any) -> Change:
    def change(content: Any) -> None:
        content[name] = value

    return change


def _no_call(content: Any) -> None:
    for bill in content["bills"]:
        bill["event"] = None


def _first_bill_left_out(content: Any) -> None:
    del content["bills"][0]


def _a_call_left_out(content: Any) -> None:
    del content["bills"][0]["events"][0]


def _last_bill_twice(content: Any) -> None:
    content["bills"].append(content["bills"][-1])


def _other_book(content: Any) -> None:
    content["bills"][0]["price_book"] += " "


def _more_charged(content: Any) -> None:
    content["bills"][-1]["on_flow"]["bill"]["charged_ufix64"] += "0"


@pytest.mark.parametrize(
    ("kind", "change", "status"),
    [
        pytest.param(
            Kind.OVERBILLED, _set("receipts", [signed(EVERY[0])]), 1, id="a receipt that signs what is billed"
        ),
        pytest.param(Kind.OVERBILLED, _set("receipts", [signed(EVERY[1])]), 1, id="a receipt of another call"),
        pytest.param(Kind.OVERBILLED, _set("receipts", ["no receipt"]), 1, id="no receipt"),
        pytest.param(
            Kind.OVERBILLED, _set("receipts", [signed(EVERY[0], STRANGER, rated_microtokens=5)]), 1, id="another signer"
        ),
        pytest.param(Kind.OVERBILLED, _set("receipt_keys", None), 1, id="no keys"),
        pytest.param(
            Kind.OVERBILLED, _set("receipt_keys", keys(valid_from_epoch=0).canonical_json), 1, id="other keys"
        ),
        pytest.param(Kind.OVERBILLED, _set("kind", "another-book"), 1, id="another fault than is shown"),
        pytest.param(Kind.OVERBILLED, _set("event_id", "another"), 1, id="another call"),
        pytest.param(Kind.OVERBILLED, _no_call, 1, id="without the call"),
        pytest.param(Kind.OVERBILLED, _other_book, 1, id="a bill that differs"),
        pytest.param(Kind.ANOTHER_BOOK, _more_charged, 1, id="a charge that differs"),
        pytest.param(Kind.PROMISE_BROKEN, _first_bill_left_out, 1, id="the calls before are unknown"),
        pytest.param(Kind.PROMISE_BROKEN, _a_call_left_out, 1, id="a billed call is left out"),
        pytest.param(Kind.PROMISE_BROKEN, _last_bill_twice, 1, id="a bill that does not follow on the one before"),
        pytest.param(Kind.PROMISE_BROKEN, _no_call, 0, id="a single call proves nothing more"),
        pytest.param(Kind.TWO_RECEIPTS, _set("receipts", [signed(EVERY[0])] * 2), 1, id="one receipt twice"),
        pytest.param(Kind.BAD_RECEIPT, _set("receipts", [signed(EVERY[0])]), 1, id="a good receipt"),
    ],
)
def test_a_proof_shows_nothing_that_its_documents_do_not(kind: Kind, change: Change, status: int) -> None:
    # Given a proof of which one thing is another
    (proof,) = proofs(LIES[kind])
    content = json.loads(proof.text)
    change(content)
    changed = Proof.model_validate_json(json.dumps(content))
    # Then it does not hold
    assert check_proof(changed, WORLD.trust).exit == status


def test_a_proof_without_an_attestation_cannot_be_checked() -> None:
    (proof,) = proofs(LIES[Kind.OVERBILLED])
    content = json.loads(proof.text)
    content["bills"][-1]["attested"] = None
    assert check_proof(Proof.model_validate_json(json.dumps(content))).exit is Exit.UNCHECKED


def test_bills_of_several_subscriptions_show_nothing() -> None:
    # Given bills without the call, one of which is said to be of a subscription of which nothing is known
    (proof,) = proofs(LIES[Kind.BAD_RECEIPT])
    other = proof.bills[0].model_copy(update={"subscription_id": 3, "on_flow": None})
    checked = check_proof(proof.model_copy(update={"bills": (*proof.bills, other)}))
    assert checked.exit is not Exit.VERIFIED


@pytest.mark.parametrize(
    ("kind", "believed"),
    [
        (Kind.EXTRA, "that the call was not made"),
        (Kind.DIFFERENT, "what its user logged"),
        (Kind.BAD_RECEIPT, "anybody can sign one"),
    ],
)
def test_what_a_proof_leaves_to_be_believed_is_said(kind: Kind, believed: str) -> None:
    (proof,) = proofs(LIES[kind])
    assert any(believed in one for one in check_proof(proof, WORLD.trust).believed)


def test_whose_key_a_receipt_is_of_is_believed_only_where_no_call_shows_it() -> None:
    # Given a promise to a key with which no call is billed
    (proof,) = proofs(lines(signed(UNBILLED, key_hash="cd" * 32)))
    assert any(f"that the key {'cd' * 32} is one of subscription 7" in one for one in check_proof(proof).believed)
    # Where one is billed with the same key, that shows whose it is
    (proof,) = proofs(lines(signed(UNBILLED)))
    assert not any("that the key" in one for one in check_proof(proof).believed)


def test_a_call_that_was_made_is_believed_where_only_its_bill_is_known() -> None:
    tokens = Tokens(prompt=1)
    (proof,) = proofs(lines(signed(EVERY[0], tokens=tokens, rated_microtokens=5), left_out=1))
    assert not any("that the call was not made" in one for one in check_proof(proof, WORLD.trust).believed)


def test_a_proof_has_one_form(tmp_path: Path) -> None:
    (proof,) = proofs(LIES[Kind.OVERBILLED])
    with pytest.raises(ValueError, match="not the one form of a proof"):
        Proof.parse(proof.text.encode() + b"\n")
    with pytest.raises(ValueError, match="kind"):
        Proof.parse(proof.text.replace('"overbilled"', '"invented"').encode())
