"""Bundles of forms that no honest program writes: texts to which all hashes lead, and files that are no bundle."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from flareflow.keccak import keccak256
from flareflow.statements.events import events_tree
from flareflow.statements.merkle import OrderedTree
from flareflow_verify.evidence import Link
from tests.support.bills import World

type Edit = Callable[[str], str]


def _as_it_is(text: str) -> str:
    return text


def _published(page: Edit = _as_it_is, index: Edit = _as_it_is, event: Edit = _as_it_is, book: Edit = _as_it_is) -> Any:
    """A bundle whose operator has published other texts, and had them attested and settled."""
    world = World()
    content = json.loads(world.bundle().text)
    sealed, events = content["sealed"][1], content["events"]
    page_hash, events_root = keccak256(sealed["usage_page"].encode()), events_tree(events).root
    events[0], content["event"] = event(events[0]), None
    sealed["usage_page"] = page(sealed["usage_page"].replace(events_root.hex(), events_tree(events).root.hex()))
    new_hash = keccak256(sealed["usage_page"].encode())
    sealed["usage_index"] = index(sealed["usage_index"].replace(page_hash.hex(), new_hash.hex()))
    content["price_book"] = book(content["price_book"])
    digests = [bytes.fromhex(line.split(" ")[1]) for line in sealed["usage_index"].splitlines()[1:]]
    book_hash = keccak256(content["price_book"].encode())
    world.restate(usage_root=OrderedTree.over(digests).root, price_book_hash=book_hash)
    stated = json.loads(world.bundle().text)
    sealed["statement"] = stated["sealed"][1]["statement"]
    return {**content, **{part: stated[part] for part in ("attested", "on_flare", "on_flow")}}


def odd_texts() -> Iterator[tuple[str, str, Any, Link]]:
    """Texts of other forms than the documents have, to which all hashes lead."""

    def with_page_below_zero(text: str) -> str:
        return text.replace("\n", f"\n-1 {'00' * 32}\n", 1)

    def with_prompt_twice(text: str) -> str:
        first, header, *lines = text.split("\n")
        rows = [line.split(" ") for line in lines]
        columns = header.replace("completion_tokens", "prompt_tokens", 1)
        return "\n".join([first, columns, *(" ".join([*row[:3], row[2], *row[4:]]) for row in rows)])

    def with_field(text: str) -> str:
        return f'{text[:-1]},"note":1.0}}'

    def with_units(text: str) -> str:
        return text.replace('"units":{}', '"units":{"images":"-1"}')

    def with_space(text: str) -> str:
        return text.replace(":", ": ", 1)

    yield (
        "lie-page-below-zero",
        "a page has a number below zero",
        _published(index=with_page_below_zero),
        Link.USAGE_INDEX,
    )
    yield "lie-column-twice", "a page has a column twice", _published(page=with_prompt_twice), Link.USAGE_PAGE
    yield "lie-field-of-a-call", "a call has a field that no call has", _published(event=with_field), Link.EVENTS
    yield "lie-units-of-a-call", "a call has images below zero", _published(event=with_units), Link.EVENTS
    yield "lie-space-in-the-book", "the price book has a space", _published(book=with_space), Link.PRICE_BOOK


def replaced(old: str, new: str, text: str) -> str:
    assert old in text, old
    return text.replace(old, new, 1)


def refused() -> Iterator[tuple[str, str, str]]:
    """Name, what is wrong, and text of each file that is no bundle."""
    text = World().bundle().text
    changes = {
        "number": ("a number is no text", '"epoch": "5812346"', '"epoch": 5812346'),
        "leading-zero": ("a number has a zero before it", '"epoch": "5812346"', '"epoch": "05812346"'),
        "sign": ("a number has a plus before it", '"epoch": "5812346"', '"epoch": "+5812346"'),
        "digits": ("a number is in other digits", '"epoch": "5812346"', '"epoch": "\\u0665"'),
        "upper-case": ("hex has capitals", '"response": "0x', '"response": "0X'),
        "field-twice": ("a field stands there twice", '  "epoch": "5812346",\n', 2 * '  "epoch": "5812346",\n'),
        "unknown-field": ("a field is unknown", '  "epoch"', '  "note": null,\n  "epoch"'),
        "order": (
            "fields are in another order",
            '  "subscription_id": "7",\n  "epoch": "5812346",\n',
            '  "epoch": "5812346",\n  "subscription_id": "7",\n',
        ),
        "half-a-character": ("a text has half of a surrogate pair", '"owner": "0x', '"owner": "\\ud800'),
        "escape": ("a character is escaped that need not be", '"owner": "0x', '"owner": "\\u0030x'),
        "spaces": ("it has other spaces", '  "epoch": ', '  "epoch":'),
    }
    for name, (what, old, new) in changes.items():
        yield f"refused-{name}", what, replaced(old, new, text)
    yield "refused-byte-order-mark", "it begins with a byte order mark", f"\ufeff{text}"
    yield "refused-two", "something follows on the bundle", 2 * text
