"""What usage comes to while the owner's next plan is not in force yet.

The contract puts the next plan in force at the total of the first page of `from_epoch` or later that leaves nothing
owed. Usage up to that total is billed by the plan in force, later usage by the next one. Until that page is settled
the total is not known; it lies between what is settled and what is metered.
"""

from flareflow.settlement.charging import tokens_ufix64
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.pricing import MICROTOKENS_PER_TOKEN, Tariff
from flareflow.settlement.subscription import Subscription, on_plan


def bills_ufix64(subscription: Subscription, change: NextPlan, start_microtokens: int, total: int) -> tuple[int, int]:
    """What is due of a total by the plan in force and by the next one, which comes into force at `start_microtokens`.

    Each is in 1e-8 of the currency of its plan.
    """
    present_ufix64 = subscription.due_ufix64(start_microtokens)
    both_ufix64 = on_plan(subscription, change, start_microtokens).due_ufix64(total)
    if change.tariff.needs_rate != subscription.tariff.needs_rate:
        return present_ufix64, both_ufix64
    return present_ufix64, both_ufix64 - present_ufix64


def most_due_in_tokens_ufix64(subscription: Subscription, total: int, rate_ufix64: int | None) -> int | None:
    """The most that a cumulative total may leave to be paid, wherever the next plan comes into force.

    In 1e-8 of the token of the deposits; None where something is due in dollars and there is no rate.
    """
    change = subscription.next_plan
    if change is None:
        return _in_tokens_ufix64(subscription.tariff, subscription.due_ufix64(total), rate_ufix64)
    most_ufix64 = 0
    for start in _possible_starts(subscription, change, total):
        present, following = bills_ufix64(subscription, change, start, total)
        present_tokens = _in_tokens_ufix64(subscription.tariff, present, rate_ufix64)
        following_tokens = _in_tokens_ufix64(change.tariff, following, rate_ufix64)
        if present_tokens is None or following_tokens is None:
            return None
        most_ufix64 = max(most_ufix64, present_tokens + following_tokens)
    return most_ufix64


def _possible_starts(subscription: Subscription, change: NextPlan, total: int) -> set[int]:
    """Between these totals both plans' prices stay the same, so one of them is the most expensive start."""
    settled = min(subscription.settled_microtokens, total)
    tiers = (*subscription.tariff.tiers.tiers, *change.tariff.tiers.tiers)
    ends = {tier.end_tokens * MICROTOKENS_PER_TOKEN for tier in tiers if tier.end_tokens is not None}
    return {settled, total} | {end for end in ends if settled < end < total}


def _in_tokens_ufix64(tariff: Tariff, due_ufix64: int, rate_ufix64: int | None) -> int | None:
    if not tariff.needs_rate or due_ufix64 == 0:
        return due_ufix64
    return None if rate_ufix64 is None else tokens_ufix64(due_ufix64, rate_ufix64)
