"""Costs in the columns of FOCUS 1.2, the FinOps Open Cost and Usage Specification (https://focus.finops.org)."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flareflow.accounts.costs import PRICE_DECIMALS, Cost
from flareflow.accounts.exports import plain
from flareflow.answers import decimal_text
from flareflow.settlement.pricing import Currency
from flareflow.time import Epochs

PROVIDER: Final = "FlareFlow"
SERVICE: Final = "FlareFlow Models"
BILLING_CURRENCY: Final = "USD"
"""FOCUS wants a national currency here; what a plan is priced in is `PricingCurrency`."""
MICRO_DECIMALS: Final = 6
UFIX64_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class Focus:
    """Makes tables of costs."""

    token_symbol: str
    epochs: Epochs

    def table(self, owner: str, subscription_id: int, costs: Sequence[Cost]) -> str:
        """A line for each cost, after one with the names of the columns: FOCUS' own first, then those with `x_`."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        payer = _payer(owner, subscription_id)
        writer.writerows(
            payer | self._periods(cost) | _sku(cost) | self._money(cost) | _provenance(cost) for cost in costs
        )
        return text.getvalue()

    def _periods(self, cost: Cost) -> dict[str, object]:
        start, end = self.epochs.start(cost.epoch), self.epochs.end(cost.epoch)
        month = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return {
            "BillingPeriodStart": _moment(month),
            "BillingPeriodEnd": _moment(_next_month(month)),
            "ChargePeriodStart": _moment(start),
            "ChargePeriodEnd": _moment(end),
        }

    def _money(self, cost: Cost) -> dict[str, object]:
        """All costs are the same, because there are no discounts, and nothing is paid before it is used."""
        dollars, unit_price = _cost(cost, cost.in_dollars_e20), _price(cost.in_dollars_e20)
        priced_in = self.token_symbol if cost.charge.currency is Currency.TOKEN else BILLING_CURRENCY
        return {
            **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), dollars),
            **dict.fromkeys(("ContractedUnitPrice", "ListUnitPrice"), unit_price),
            "BillingCurrency": BILLING_CURRENCY,
            "PricingCurrency": priced_in,
            "PricingCurrencyContractedUnitPrice": _price(cost.price_e20),
            "PricingCurrencyEffectiveCost": _cost(cost, cost.price_e20),
            "PricingCurrencyListUnitPrice": _price(cost.price_e20),
        }


def _payer(owner: str, subscription_id: int) -> dict[str, object]:
    return {
        "BillingAccountId": owner,
        "BillingAccountName": owner,
        "SubAccountId": f"subscription-{subscription_id}",
        "SubAccountName": f"Subscription {subscription_id}",
    }


def _sku(cost: Cost) -> dict[str, object]:
    model, book = plain(cost.model), f"0x{cost.price_book_hash.hex()}"
    return {
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargeDescription": f"Calls of {cost.model} in epoch {cost.epoch}",
        "ChargeFrequency": "Usage-Based",
        "CommitmentDiscountStatus": "",
        "ConsumedQuantity": _number(cost.tokens, 0),
        "ConsumedUnit": "Tokens",
        "InvoiceId": cost.charge.transaction_id,
        "InvoiceIssuerName": PROVIDER,
        "PricingCategory": "Standard",
        "PricingQuantity": _number(cost.rated_microtokens, MICRO_DECIMALS),
        "PricingUnit": "Rated Tokens",
        "ProviderName": PROVIDER,
        "PublisherName": PROVIDER,
        "ResourceId": cost.key_hash,
        "ResourceName": cost.key_hash,
        "ResourceType": "Virtual Key",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": SERVICE,
        "ServiceSubcategory": "Generative AI",
        "SkuId": model,
        "SkuMeter": "Rated Tokens",
        "SkuPriceDetails": json.dumps({"x_PriceBookHash": book}),
        "SkuPriceId": f"{model}@{book}",
    }


def _provenance(cost: Cost) -> dict[str, object]:
    """Where each number can be checked. `InvoiceId` is the transaction on Flow that has charged it."""
    return {
        "x_CallCount": str(cost.calls),
        "x_ChargedInEpoch": str(cost.charge.epoch),
        "x_Epoch": str(cost.epoch),
        "x_PriceBookHash": f"0x{cost.price_book_hash.hex()}",
        "x_DollarsForToken": _number(cost.rate.rate_ufix64, UFIX64_DECIMALS) if cost.rate else "",
        "x_DollarsForTokenAt": _moment(cost.rate.read_at) if cost.rate else "",
    }


COLUMNS: Final = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd"),
    *("BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency"),
    *(
        "ChargePeriodEnd",
        "ChargePeriodStart",
        "CommitmentDiscountStatus",
        "ConsumedQuantity",
        "ConsumedUnit",
        "ContractedCost",
    ),
    *("ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice"),
    *("PricingCategory", "PricingCurrency", "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost"),
    *("PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName"),
    *("ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory"),
    *("SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId", "SubAccountName"),
    *("x_CallCount", "x_ChargedInEpoch", "x_Epoch", "x_PriceBookHash"),
    *("x_DollarsForToken", "x_DollarsForTokenAt"),
)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _next_month(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _price(price_e20: int) -> str:
    return _number(price_e20, PRICE_DECIMALS)


def _cost(cost: Cost, price_e20: int) -> str:
    return _number(price_e20 * cost.rated_microtokens, PRICE_DECIMALS + MICRO_DECIMALS)


def _number(amount: int, decimals: int) -> str:
    """A decimal number, with a point in whole numbers too: some readers take a column of whole numbers for another."""
    text = decimal_text(amount, decimals)
    return text if "." in text else f"{text}.0"
