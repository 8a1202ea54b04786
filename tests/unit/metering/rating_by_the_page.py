"""Rating, written a second time from docs/price-book.md alone: nothing here imports the code of the project."""

import fnmatch
import re
from typing import Any

INPUT = ("prompt", "cache_read", "cache_write", "audio_input")
OUTPUT = ("completion", "reasoning", "audio_output")
MONTHS = {f"{month:02d}" for month in range(1, 13)}
DAYS = {f"{day:02d}" for day in range(1, 32)}
QUALITIES = {"hd", "standard", "low", "medium", "high", "*", "max-x-max"}


def rating(book: dict[str, Any], event: dict[str, Any]) -> int | None:
    """The rated micro-tokens of an event; None where it waits for a person."""
    price = price_of(book, event["model"], event["base_model"])
    tokens, added, has_price = event["tokens"], 0, False
    weights = price
    for entry in price.get("long", []):
        if sum(tokens[kind] for kind in INPUT) > entry["above"]:
            weights = entry
    for kinds, text in ((INPUT, "prompt"), (OUTPUT, "completion")):
        for kind in kinds:
            weight = weights.get(kind, weights.get(text))
            if tokens[kind] and weight is not None:
                added, has_price = added + tokens[kind] * weight, True
    for amount, name, divisor in ((event["images"], "image", 1), (event["milliseconds"], "second", 1_000)):
        if amount and name in price:
            added, has_price = added + amount * price[name] // divisor, True
    by_cost = 0
    if event["cost_nanousd"] and "nanousd" in price:
        by_cost, has_price = event["cost_nanousd"] * price["nanousd"], True
    used = [*tokens.values(), event["images"], event["milliseconds"], event["cost_nanousd"] or 0]
    return max(added, by_cost) + price.get("request", 0) if has_price or not any(used) else None


def price_of(book: dict[str, Any], model: str, base_model: str | None) -> dict[str, Any]:
    models, names = book["models"], [one for one in (model, base_model) if one]
    plainer = [one for name in reversed(names) for one in spellings(name)]
    for name in [*(one.strip().lower() for one in names), *plainer]:
        if name in models:
            return dict(models[name])
    for pattern in book.get("patterns", []):
        if any(fnmatch.fnmatchcase(one, pattern["match"]) for one in plainer):
            return dict(pattern["price"])
    return dict(book["default"])


def spellings(name: str) -> list[str]:
    whole = name.strip().lower()
    version = re.search(r"-v[0-9]+:[0-9]+$", whole)
    unversioned = whole[: version.start()] if version and version.start() else whole
    return [plainer for one in (whole, unversioned, undated(unversioned)) for plainer in without_beginnings(one)]


def undated(name: str) -> str:
    for mark in range(1, len(name)):
        if name[mark] in "-@" and is_date(name[mark + 1 :]):
            return name[:mark]
    return name


def is_date(text: str) -> bool:
    if text in {"latest", "default"}:
        return True
    parts = text.split("-")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return False
    match [len(part) for part in parts]:
        case [4, 2, 2]:
            year, month, day = parts
        case [8]:
            year, month, day = text[:4], text[4:6], text[6:]
        case [2, 4]:
            year, month, day = parts[1], parts[0], "01"
        case [4] if text[:2] in MONTHS and text[2:] in DAYS:
            year, month, day = "2000", text[:2], text[2:]
        case [4] if text[0] == "2":
            year, month, day = "20" + text[:2], text[2:], "01"
        case _:
            return False
    return year[:2] == "20" and month in MONTHS and day in DAYS


def without_beginnings(name: str) -> list[str]:
    found = [name]
    while "/" in name:
        before, _, after = name.partition("/")
        if not after or is_qualifier(before):
            return found
        found.append(name := after)
    while (dot := name.find(".")) > 0 and dot + 1 < len(name):
        vendor = name[:dot].split("-")
        if not all(part and all("a" <= letter <= "z" for letter in part) for part in vendor):
            return found
        found.append(name := name[dot + 1 :])
    return found


def is_qualifier(text: str) -> bool:
    size = re.fullmatch(r"[0-9]+(-x-|x|-x|x-)[0-9]+", text)
    return text in QUALITIES or bool(size or re.fullmatch(r"[0-9]+-(steps|month-commitment)", text))
