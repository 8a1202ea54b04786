"""A second implementation of statements, pages, roots and proofs, written from `docs/statement.md` alone.

It shares no code with FlareFlow: it gets documents as text by their paths and recomputes everything.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from Crypto.Hash import keccak

type Fetch = Callable[[str], str]
TOTALS = ("requests", "rated_microtokens", "cost_nanousd")


def digest(content: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=content).digest()


def pair(first: bytes, second: bytes) -> bytes:
    return digest(first + second if first < second else second + first)


def climb(hashes: Sequence[bytes]) -> bytes:
    """The root, computed recursively from the top: the left subtree is the largest power of two below the count."""
    if not hashes:
        return bytes(32)
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return pair(climb(hashes[:split]), climb(hashes[split:]))


def path_of(hashes: Sequence[bytes], position: int) -> list[bytes]:
    """Siblings from the bottom up."""
    if len(hashes) == 1:
        return []
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    if position < split:
        return [*path_of(hashes[:split], position), climb(hashes[split:])]
    return [*path_of(hashes[split:], position - split), climb(hashes[:split])]


def leaf(event: str) -> bytes:
    return digest(digest(event.encode("ascii")))


@dataclass(frozen=True)
class Line:
    """One subscription on a usage page."""

    epoch: int
    amounts: Mapping[str, int]
    events_root: bytes


@dataclass(frozen=True)
class Checked:
    """A statement of which everything fits, with all of its subscriptions and what may be charged."""

    epoch: int
    hash: bytes
    previous: bytes
    rated: int
    lines: Mapping[int, Line]
    charges: Mapping[int, int]


def read(fetch: Fetch, epoch: int) -> Checked:
    """Fetch and check all documents of a statement. Raises AssertionError."""
    body = fetch(f"/v1/statements/{epoch:010d}")
    statement = json.loads(body)
    assert (statement["version"], statement["epoch"]) == ("flareflow-statement/1", str(epoch))
    lines = dict(_lines(fetch, epoch, statement["usage_root"]))
    charges = dict(_charges(fetch, epoch, statement["settlement_root"]))
    rated = int(statement["total_rated_microtokens"])
    assert len(lines) == int(statement["subscription_count"])
    assert sum(line.amounts["rated_microtokens"] for line in lines.values()) == rated
    assert all(lines[one].amounts["rated_microtokens"] == total for one, total in charges.items())
    book = statement["price_book_hash"][2:]
    assert digest(fetch(f"/v1/price-books/{book}").encode()).hex() == book
    previous = bytes.fromhex(statement["previous_statement_hash"][2:])
    return Checked(epoch, digest(body.encode()), previous, rated, lines, charges)


def check_events(before: Line | None, after: Line, events: Sequence[str]) -> None:
    """Assert that these are all events of the line's epoch, and that the line grew by what they add up to."""
    assert climb(sorted(map(leaf, events))) == after.events_root
    parsed = [json.loads(event) for event in events]
    grown = {name: total - (before.amounts.get(name, 0) if before else 0) for name, total in after.amounts.items()}
    assert grown.pop("requests") == len(events)
    for name in ("rated_microtokens", "cost_nanousd"):
        assert grown.pop(name) == sum(int(event[name]) for event in parsed)
    for name, amount in grown.items():
        assert amount == sum(int(event["tokens"].get(name.removesuffix("_tokens"), "0")) for event in parsed), name


def prove(fetch: Fetch, epoch: int, subscription_id: int, event: str, events: Sequence[str]) -> bool:
    """Whether the event leads to the usage root of the epoch, by a path through its page."""
    leaves = sorted(map(leaf, events))
    root = _fold(leaf(event), path_of(leaves, leaves.index(leaf(event))))
    pages = _index(fetch, epoch, "usage")
    text = fetch(f"/v1/pages/{pages[subscription_id // 256].hex()}")
    line = dict(_page(text))[subscription_id]
    position = list(pages).index(subscription_id // 256)
    usage_root = _fold(digest(text.encode()), path_of(list(pages.values()), position))
    statement = json.loads(fetch(f"/v1/statements/{epoch:010d}"))
    return line.events_root == root and "0x" + usage_root.hex() == statement["usage_root"]


def _fold(node: bytes, siblings: Iterable[bytes]) -> bytes:
    for sibling in siblings:
        node = pair(node, sibling)
    return node


def _index(fetch: Fetch, epoch: int, kind: str) -> dict[int, bytes]:
    first, *lines = fetch(f"/v1/statements/{epoch:010d}/{kind}-index").split("\n")
    assert first.startswith("flareflow-index/1 A.")
    assert first.endswith(f" epoch {epoch} {kind}")
    pages = {int(number): bytes.fromhex(name) for number, name in (line.split(" ") for line in lines)}
    assert list(pages) == sorted(pages)
    return pages


def _texts(fetch: Fetch, epoch: int, kind: str, root: str) -> Iterable[tuple[int, str]]:
    pages = _index(fetch, epoch, kind)
    assert "0x" + climb(list(pages.values())).hex() == root
    for number, name in pages.items():
        text = fetch(f"/v1/pages/{name.hex()}")
        assert digest(text.encode("ascii")) == name
        yield number, text


def _lines(fetch: Fetch, epoch: int, root: str) -> Iterable[tuple[int, Line]]:
    for number, text in _texts(fetch, epoch, "usage", root):
        start = 256 * number
        assert text.startswith("flareflow-usage/1 A.")
        assert text.split("\n")[0].endswith(f" subscriptions {start} to {start + 255}")
        for subscription_id, line in _page(text):
            assert start <= subscription_id < start + 256
            assert line.epoch <= epoch
            yield subscription_id, line


def _page(text: str) -> Iterable[tuple[int, Line]]:
    _, header, *lines = text.split("\n")
    names = header.split(" ")
    assert (*names[:2], names[-1]) == ("subscription", "epoch", "events_root")
    for line in lines:
        subscription, epoch, *amounts, root = line.split(" ")
        values = dict(zip(names[2:-1], map(int, amounts), strict=True))
        yield int(subscription), Line(int(epoch), values, bytes.fromhex(root))


def _charges(fetch: Fetch, epoch: int, root: str) -> Iterable[tuple[int, int]]:
    for number, text in _texts(fetch, epoch, "settlement", root):
        first, *lines = text.split("\n")
        assert first.startswith("flareflow-page/1 A.")
        assert first.endswith(f" epoch {epoch} page {number}")
        assert 0 < len(lines) <= 200
        for line in lines:
            subscription, total = line.split(":")
            yield int(subscription), int(total)
