"""LiteLLM's own budgets, a second lock: a key may never cost more than all that its subscription can pay for."""

from dataclasses import dataclass

from flareflow.accounts.standing import Decision

MICROUSD_DIVISOR = 10**6
"""Micro-tokens times dollars for a million tokens, divided by this, are 1e-6 dollars."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """`usd_per_million_tokens`: the most that a million rated tokens can cost at the provider."""

    usd_per_million_tokens: int

    def microusd(self, decision: Decision, first_microtokens: int, cap_microtokens: int | None = None) -> int:
        """What a key may ever cost that was made when the usage was `first_microtokens`, in 1e-6 dollars.

        Usage changes nothing about it, because it adds to what was metered as much as it takes of what is left.
        Deposits and withdrawals do, up to the key's own cap.
        """
        payable_microtokens = decision.metered_microtokens + decision.left_microtokens - first_microtokens
        if cap_microtokens is not None:
            payable_microtokens = min(payable_microtokens, cap_microtokens)
        return -(-max(0, payable_microtokens) * self.usd_per_million_tokens // MICROUSD_DIVISOR)
