"""Whatever a bundle contains, a check of it ends with a report."""

import json
from collections.abc import Iterator
from typing import Any, Final

from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import check
from flareflow_verify.output import as_json
from tests.support.bills import World

WORLD: Final = World()
GOOD: Final = json.loads(WORLD.bundle().text)
TEXTS: Final = ("", "\n", "{}", "[]", "null", "é", "\u202e", "1" * 5_000, "[" * 5_000, "a b c d e f\n1:2", "0xz 1\n2")
HEX: Final = ("0x", "0x00", "0x" + "ff" * 32, "0x" + "00" * 38, "0x" + "ff" * 67, "0x" + "00" * 1_000)
NUMBERS: Final = ("0", "1", "18446744073709551616", "9" * 77)
FIELDS: Final[tuple[Any, ...]] = (None, 1, "", "0x", "0x" + "2a" * 32, [], {}, "-1", True)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each value that has no parts."""
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(part, (*path, name))
    else:
        yield path


def odd(value: Any) -> Iterator[Any]:
    """Other values of the same form, and JSON documents with other fields."""
    if not isinstance(value, str):
        return
    if value.startswith("0x"):
        yield from HEX
    elif value.lstrip("-").isdecimal():
        yield from NUMBERS
    else:
        yield from TEXTS
        if value.startswith('{"'):
            content = json.loads(value)
            yield from (
                json.dumps(content | {name: other}, separators=(",", ":")) for name in content for other in FIELDS
            )


def test_nothing_that_a_bundle_can_contain_stops_a_check() -> None:
    tried = 0
    for path in list(paths(GOOD)):
        *way, last = path
        holder: Any = GOOD
        for part in way:
            holder = holder[part]
        value = holder[last]
        for other in odd(value):
            # Given a bundle with an odd value in one place, if its form allows it there
            holder[last] = other
            try:
                bundle = Bundle.model_validate(GOOD)
            except ValueError:
                continue
            finally:
                holder[last] = value
            # When it is checked, then there is a report
            assert as_json([check(bundle, WORLD.trust)])
            tried += 1
    assert tried > 500
