"""A hand-made fault: one small change of a source, the rule that it breaks, and the tests that must notice it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class StaleFaultError(Exception):
    """The text that a fault replaces is not in its file exactly once: the source has changed, the fault must follow."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Replace `text` by `replacement` in `file`, and at least one of `tests` fails.

    `name` starts with the package or wing that the file belongs to. `rule` is the sentence that the fault makes false.
    `file` and `tests` are paths from the root of the repository; a test is a file, or a function of it after `::`,
    with one of its parameters in brackets or without.
    """

    name: str
    rule: str
    file: str
    text: str
    replacement: str
    tests: Sequence[str]

    def belongs_to(self, name: str) -> bool:
        """Whether this is its name, or the first words of it: `flow` or `flow-key`, but not `flow-k`."""
        return f"{self.name}-".startswith(f"{name}-")

    @property
    def group(self) -> str:
        """The first word of its name."""
        return self.name.partition("-")[0]

    @property
    def files(self) -> set[str]:
        """The files of its tests."""
        return {test.partition("::")[0] for test in self.tests}

    @property
    def is_quick(self) -> bool:
        """Whether its tests take seconds: they start no server, and run no function of the template."""
        return all(
            test.startswith("tests/unit/") and not test.startswith("tests/unit/template/") for test in self.tests
        )

    def applied(self, root: Path) -> str:
        """The source with the fault. Raises StaleFaultError unless `text` is in it exactly once."""
        source = (root / self.file).read_text()
        found = source.count(self.text)
        if found != 1:
            raise StaleFaultError(f"{self.name}: {self.file} has the text {found} times, not once:\n{self.text}")
        return source.replace(self.text, self.replacement)
