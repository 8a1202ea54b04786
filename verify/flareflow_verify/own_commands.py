"""The commands `keys`, `usage` and `balance`: what a virtual key, or the account of a session, may know of itself."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from pydantic import BaseModel

from flareflow_verify.amounts import counted, money, rated
from flareflow_verify.credentials import KEY, SESSION, credential
from flareflow_verify.errors import CommandError
from flareflow_verify.output import print_found
from flareflow_verify.sources.api import Api, GroupedUsage, Key, KeyRequest, RotationRequest, Subscription
from flareflow_verify.sources.http import Budget, SourceError
from flareflow_verify.sources.service import KeyCredits, KeyUsage, Models, Service, gate_url

UNIT: Final = "rated tokens"
HASH_SHOWN: Final = 12
OF_ACCOUNT: Final = ("new", "rotate", "delete", "by", "since", "until")
"""Options that ask for what a virtual key may not do or know."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a command prints: lines for people, or the same as JSON."""

    lines: Sequence[str]
    content: Any


def run(given: argparse.Namespace) -> int:
    """Ask and print; the exit status is 0. Raises CommandError."""
    budget = Budget()
    try:
        with budget.client() as http:
            told = _told(given, http)
    except SourceError as error:
        raise CommandError(str(error)) from error
    print_found(told.lines, lambda: json.dumps(told.content, indent=2), is_json=given.json)
    return 0


def _told(given: argparse.Namespace, http: httpx.Client) -> Told:
    """The key is asked unless a subscription is named, or what only an account may do: these need a session."""
    key, session = credential(KEY), credential(SESSION)
    options = [f"--{name}" for name in OF_ACCOUNT if getattr(given, name, None) is not None]
    if getattr(given, "cap", None) is not None and given.new is None:
        raise CommandError("--cap is of a new key: name it with --new")
    if options and not session:
        raise CommandError(f"set {SESSION} to a session: {options[0]} is not for a virtual key")
    if key and given.subscription is None and not options:
        gate = Service(http, gate_url(_models_url(given, http)), key)
        return {"keys": _key, "usage": _key_usage, "balance": _key_balance}[given.command](gate)
    if not session:
        raise CommandError(f"set {KEY} to a virtual key, or {SESSION} to a session; neither belongs on a command line")
    if not given.host:
        raise CommandError("name --host, or set FLAREFLOW_HOST")
    api = Api(Service(http, given.host, session))
    return {"keys": _keys, "usage": _usage, "balance": _balance}[given.command](given, api)


def _models_url(given: argparse.Namespace, http: httpx.Client) -> str:
    """Where models are called: what was named, or else what the host tells."""
    if given.models:
        return str(given.models)
    if not given.host:
        raise CommandError("name --models or --host, or set FLAREFLOW_MODELS or FLAREFLOW_HOST")
    return Api(Service(http, given.host)).get_deployment().models_url


def _key(gate: Service) -> Told:
    found, models = gate.get(KeyCredits, "/v1/credits"), gate.get(Models, "/v1/models")
    limits = found.key
    lines = [
        f"This key: {_grouped(limits.left or '0')} of {_grouped(limits.cap)} {UNIT} left"
        if limits.cap
        else "This key: no cap of its own",
        *([f"ends {limits.expires_at:%Y-%m-%d %H:%M %Z}"] if limits.expires_at else []),
        *([f"{limits.requests_per_minute:,} requests a minute"] if limits.requests_per_minute else []),
        *([f"{limits.tokens_per_minute:,} tokens a minute"] if limits.tokens_per_minute else []),
        f"{counted(len(models.data), 'model')}, a token in and a token out in {UNIT}:",
        *(f"  {one.id}  {one.pricing.prompt or '?'}  {one.pricing.completion or '?'}" for one in models.data),
    ]
    return Told(lines, {"key": _json(limits), "models": [_json(one) for one in models.data]})


def _key_usage(gate: Service) -> Told:
    found = gate.get(KeyUsage, "/v1/usage")
    days = [f"{one.day}  {counted(one.requests, 'call')}  {_grouped(one.cost)} {UNIT}" for one in found.days]
    return Told(
        [*days, f"In all: {counted(found.total.requests, 'call')}, {_grouped(found.total.cost)} {UNIT}"], _json(found)
    )


def _key_balance(gate: Service) -> Told:
    found = gate.get(KeyCredits, "/v1/credits")
    lines = [
        f"{found.standing}: {_grouped(found.left)} {UNIT} can still be paid for",
        *([f"of which this key may use {_grouped(found.key.left)}"] if found.key.left else []),
        f"Top up at {found.top_up_url}",
    ]
    return Told(lines, _json(found))


def _keys(given: argparse.Namespace, api: Api) -> Told:
    if given.new is not None or given.rotate is not None:
        return _made_key(given, api)
    if given.delete is not None:
        api.delete_keys_key_hash(given.delete)
        return Told([f"{given.delete} is deleted"], {"deleted": given.delete})
    found = {one: list(api.get_subscriptions_subscription_id_keys(one)) for one in _subscription_ids(given, api)}
    lines = [_key_line(one, key) for one, keys in found.items() for key in keys]
    content = [_json(key) for keys in found.values() for key in keys]
    return Told(lines or ["no keys"], content)


def _made_key(given: argparse.Namespace, api: Api) -> Told:
    """The secret is shown here and nowhere else."""
    if given.rotate is not None:
        made = api.post_keys_key_hash_rotations(given.rotate, RotationRequest())
    elif given.subscription is None:
        raise CommandError("name the subscription of the new key")
    else:
        cap = {} if given.cap is None else {"cap_rated_tokens": given.cap}
        made = api.post_keys(KeyRequest(subscription_id=given.subscription, alias=given.new, **cap))
    return Told([made.key, f"Keep it: nothing shows it again. Its hash is {made.key_hash}"], _json(made))


def _key_line(subscription_id: int, key: Key) -> str:
    cap = f", at most {rated(key.cap_microtokens)}" if key.cap_microtokens is not None else ""
    made = f"{key.created_at:%Y-%m-%d}"
    return f"{subscription_id}  {key.key_hash}  {key.status}  {key.alias or '(no name)'}, since {made}{cap}"


def _usage(given: argparse.Namespace, api: Api) -> Told:
    by = (given.by,) if given.by else None
    lines, content = list[str](), list[Any]()
    for one in _subscription_ids(given, api):
        sums = list(api.get_subscriptions_subscription_id_usage(one, by=by, from_=given.since, to=given.until))
        lines += [f"Subscription {one}", *(f"  {line}" for summed in sums for line in _usage_lines(summed))]
        content.append({"subscription_id": str(one), "sums": [_json(summed) for summed in sums]})
    return Told(lines, content)


def _usage_lines(summed: GroupedUsage) -> Iterator[str]:
    """Pending and proven apart: settled is charged, sealed is in a statement, pending in none."""
    group = summed.group
    named = [
        *([f"{group.start:%Y-%m-%d %H:%M}"] if group.start else []),
        *([group.model] if group.model else []),
        *([f"key {group.key_hash[:HASH_SHOWN]}…"] if group.key_hash else []),
    ]
    yield " ".join(named) or "in all"
    for name, used in (("settled", summed.settled), ("sealed", summed.sealed), ("pending", summed.pending)):
        if used.requests:
            yield f"  {name:<8} {counted(used.requests, 'call')}  {rated(used.rated_microtokens)}"


def _balance(given: argparse.Namespace, api: Api) -> Told:
    wanted = given.subscription
    found = list(api.get_subscriptions()) if wanted is None else [api.get_subscriptions_subscription_id(wanted)]
    return Told([line for one in found for line in _balance_lines(one)] or ["no subscription"], [*map(_json, found)])


def _balance_lines(own: Subscription) -> Iterator[str]:
    state = own.subscription
    unit = "of the token"
    yield f"Subscription {state.subscription_id}: {own.standing or state.status}"
    yield f"  deposit left   {money(state.balance_ufix64, unit)}"
    yield f"  charged        {money(state.charged_ufix64, unit)}"
    if state.owed_ufix64:
        yield f"  owed           {money(state.owed_ufix64, 'USD' if state.tariff.currency != 'token' else unit)}"
    charge = own.estimated_charge_ufix64
    yield f"  pending        {rated(own.pending_microtokens)}" + (
        f", {money(charge, unit)}" if charge is not None else ""
    )


def _subscription_ids(given: argparse.Namespace, api: Api) -> Sequence[int]:
    """The one that was named, or all of the account's."""
    if given.subscription is not None:
        return [given.subscription]
    return [one.subscription.subscription_id for one in api.get_subscriptions()]


def _grouped(amount: str) -> str:
    """A decimal number as the gate writes it, with commas for people; any other text as it is."""
    whole, point, fraction = amount.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole.isascii() and whole.isdecimal() else amount


def _json(model: BaseModel) -> dict[str, Any]:
    content: dict[str, Any] = model.model_dump(mode="json")
    return content
