"""Key templates: how the keys of an item are written, read back and queried; and what kinds of items a table has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Any, Final

from boto3.dynamodb.conditions import ConditionBase, Key

KEY_NUMBER_MAX: Final = 10**20 - 1
"""Numbers in keys have at most 20 digits, which is enough for a UInt64."""
EXPIRES_AT: Final = "expires_at"
"""The attribute by which DynamoDB deletes items (TTL), in Unix seconds. It may take days, so readers check it too."""
ABSENT: Final = "attribute_not_exists(pk)"
"""Condition of a write: there is no item with this key."""

type Item = dict[str, Any]
"""An item, or the keys of one, as boto3's resource reads and writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTemplate:
    """The partition key and the sort key of one kind of item, as format strings.

    `{epoch:020}` writes a number with 20 digits, so that text order is number order. `pk_name` and `sk_name` are the
    attributes that hold the keys: `pk` and `sk` in a table, others in an index.
    """

    pk: str
    sk: str
    pk_name: str = "pk"
    sk_name: str = "sk"

    def key(self, **parts: str | int) -> Item:
        """Both key attributes. Raises ValueError for a number below 0 or above `KEY_NUMBER_MAX`."""
        return {self.pk_name: self.partition(**parts), self.sk_name: self.sort_key(**parts)}

    def partition(self, **parts: str | int) -> str:
        """The partition key alone; parts of the sort key are ignored."""
        return _filled(self.pk, parts)

    def sort_key(self, **parts: str | int) -> str:
        """The sort key alone; parts of the partition key are ignored."""
        return _filled(self.sk, parts)

    @property
    def prefix(self) -> str:
        """What every sort key of this kind begins with."""
        return self.sk.partition("{")[0]

    def all_of(self, **parts: str | int) -> ConditionBase:
        """Query condition: every item of this kind in one partition."""
        condition = Key(self.pk_name).eq(self.partition(**parts))
        return condition & Key(self.sk_name).begins_with(self.prefix) if self.prefix else condition

    def matches(self, item: Mapping[str, Any]) -> bool:
        """Whether the keys of `item` are of this kind."""
        return self._parts(item) is not None

    def part(self, item: Mapping[str, Any], name: str) -> str:
        """The text that stands for `{name}` in the keys of `item`. Raises ValueError for an item of another kind."""
        parts = self._parts(item)
        if parts is None:
            raise ValueError(
                f"the item {item.get(self.pk_name)} / {item.get(self.sk_name)} is no {self.pk} / {self.sk}"
            )
        return parts[name]

    def number(self, item: Mapping[str, Any], name: str) -> int:
        """`part` as a number."""
        return int(self.part(item, name))

    def _parts(self, item: Mapping[str, Any]) -> dict[str, str] | None:
        partition = _pattern(self.pk).fullmatch(str(item.get(self.pk_name)))
        sort_key = _pattern(self.sk).fullmatch(str(item.get(self.sk_name)))
        return {**partition.groupdict(), **sort_key.groupdict()} if partition and sort_key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKind(KeyTemplate):
    """One kind of item: `attributes` are those beside the keys, `serves` says who reads it and how."""

    holds: str
    serves: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(KeyTemplate):
    """A global secondary index with all attributes; it holds the items of one kind that have its keys."""

    name: str
    serves: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """One table by its name in `template.yaml`; `stream_readers` are the functions that consume its stream."""

    name: str
    holds: str
    items: tuple[ItemKind, ...]
    indexes: tuple[Index, ...] = ()
    stream_readers: tuple[str, ...] = ()


def _filled(template: str, parts: Mapping[str, str | int]) -> str:
    for name, part in parts.items():
        if isinstance(part, int) and not 0 <= part <= KEY_NUMBER_MAX:
            raise ValueError(f"{name} is a number from 0 to {KEY_NUMBER_MAX} in keys, not {part}")
    return template.format_map(parts)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    fields = Formatter().parse(template)
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+)" if name else "") for text, name, _, _ in fields))
