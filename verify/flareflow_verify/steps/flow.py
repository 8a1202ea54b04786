"""What the contract on Flow recorded and charged, and the price computed anew."""

from flareflow.settlement.charging import charge_of
from flareflow.settlement.pricing import Tier, Tiers, exact_cost, rounded
from flareflow_verify.amounts import currency_of, money, rated, token_of
from flareflow_verify.bundle import Bill
from flareflow_verify.evidence import DifferenceError, Evidence, Link, MissingError, parsing


def check_flow_statement(evidence: Evidence) -> str:
    """The contract has the statement's settlement root and total."""
    on_flow, statement = evidence.on_flow, evidence.statement
    if evidence.trust.contract not in (None, on_flow.contract):
        raise DifferenceError(
            Link.FLOW_STATEMENT, f"the contract is {on_flow.contract}, and not {evidence.trust.contract}"
        )
    if on_flow.settlement_root is None:
        raise MissingError("the contract has no statement of this epoch: it was not delivered, or is no longer kept")
    if on_flow.settlement_root != statement.settlement_root:
        raise DifferenceError(
            Link.FLOW_STATEMENT, f"the contract has the settlement root 0x{on_flow.settlement_root.hex()}"
        )
    if on_flow.total_microtokens is None:
        return f"{on_flow.contract} was given the same settlement root, says its event; it no longer keeps the total"
    if on_flow.total_microtokens != statement.total_rated_microtokens:
        raise DifferenceError(Link.FLOW_STATEMENT, f"the contract has the total {on_flow.total_microtokens}")
    return f"{on_flow.contract} has the same settlement root and total"


def check_flow_total(evidence: Evidence) -> str:
    """What the contract settled is the total on the settlement page."""
    bill, charge, epoch = evidence.on_flow.bill, evidence.on_flow.charge, evidence.statement.epoch
    page = evidence.settlement_page
    if page is None:
        return f"nothing to settle: {rated(bill.settled_microtokens)} are settled"
    total = dict(page.entries).get(evidence.bundle.subscription_id, 0)
    if charge is not None and (charge.epoch, charge.rated_microtokens) != (epoch, total):
        raise DifferenceError(
            Link.FLOW_TOTAL,
            f"the contract settled {charge.rated_microtokens} micro-tokens by epoch {charge.epoch}, "
            f"the page says {total}",
        )
    if bill.settled_epoch < epoch:
        raise MissingError(f"the contract has settled nothing newer than epoch {bill.settled_epoch} yet")
    if bill.settled_microtokens < total or (bill.settled_epoch == epoch and bill.settled_microtokens != total):
        raise DifferenceError(
            Link.FLOW_TOTAL,
            f"the contract has settled {bill.settled_microtokens} micro-tokens by epoch {bill.settled_epoch}, "
            f"the page says {total}",
        )
    later = f"; by epoch {bill.settled_epoch} it is {rated(bill.settled_microtokens)}"
    unseen = ", and the charge by this epoch was not found" if charge is None else ""
    return f"the contract settled {rated(total)}{later if bill.settled_epoch > epoch else ''}{unseen}"


def check_price(evidence: Evidence) -> str:
    """What was ever paid and is owed is the price of the settled total by the tiers of the plan."""
    bill = evidence.on_flow.bill
    price, paid = price_ufix64(bill, bill.settled_microtokens), _paid_ufix64(bill)
    unit = currency_of(bill)
    if price != paid + bill.owed_ufix64:
        raise DifferenceError(
            Link.PRICE,
            f"{rated(bill.settled_microtokens)} cost {money(price, unit)} on plan {bill.plan_id} version "
            f"{bill.plan_version}; {money(paid, unit)} are paid and {money(bill.owed_ufix64, unit)} owed",
        )
    owed = f" and {money(bill.owed_ufix64, unit)} owed" if bill.owed_ufix64 else ""
    earlier = ", with earlier plans or debts given up" if bill.cost_offset or bill.plan_from else ""
    return (
        f"{rated(bill.settled_microtokens)} cost {money(price, unit)} on plan {bill.plan_id} version "
        f"{bill.plan_version}{earlier}: {money(paid, unit)} paid{owed}"
    )


def price_ufix64(bill: Bill, total_microtokens: int) -> int:
    """What a cumulative total costs by the plan and what came before it, in 1e-8 of the plan's currency."""
    with parsing(Link.PRICE, "the plan"):
        tiers = Tiers(tuple(Tier(one.end_tokens, one.price_ufix64) for one in bill.tiers))
    cost = exact_cost(total_microtokens, tiers) + bill.cost_offset
    if bill.plan_from is not None:
        cost -= exact_cost(bill.plan_from, tiers)
    return rounded(cost)


def _paid_ufix64(bill: Bill) -> int:
    """What was paid of the bill, in 1e-8 of the plan's currency."""
    return bill.paid_dollars_ufix64 if bill.needs_rate else bill.charged_ufix64


def check_charge(evidence: Evidence) -> str | None:
    """This settlement charged what was due before it, at its rate. Left out when nothing was charged by this epoch."""
    bill, charge = evidence.on_flow.bill, evidence.on_flow.charge
    if charge is None:
        return None
    token = token_of(bill)
    if charge.before is None:
        raise MissingError(
            f"the node of Flow no longer has the state before block {charge.height}, that of the charge; name one that "
            "keeps more of the past with --flow"
        )
    before = charge.before
    due = max(0, price_ufix64(before, charge.rated_microtokens) - _paid_ufix64(before))
    made = charge_of(due, charge.charged_ufix64, charge.rate_ufix64)
    if (made.charged_ufix64, made.owed_ufix64) != (charge.charged_ufix64, charge.owed_ufix64) or (
        before.needs_rate != (charge.rate_ufix64 is not None)
    ):
        raise DifferenceError(
            Link.CHARGE,
            f"{money(due, currency_of(before))} were due, and {money(charge.charged_ufix64, token)} were charged, with "
            f"{money(charge.owed_ufix64, currency_of(before))} left owed",
        )
    if (
        evidence.on_flow.height == charge.height
        and before.charged_ufix64 + charge.charged_ufix64 != bill.charged_ufix64
    ):
        raise MissingError(f"block {charge.height} has more than one charge of this subscription")
    rate = f" at {money(charge.rate_ufix64, 'USD')} for one" if charge.rate_ufix64 is not None else ""
    owed = f", {money(charge.owed_ufix64, currency_of(before))} left owed" if charge.owed_ufix64 else ""
    return (
        f"{money(due, currency_of(before))} were due, {money(charge.charged_ufix64, token)} charged{rate}{owed}, "
        f"in transaction {charge.transaction_id}"
    )
