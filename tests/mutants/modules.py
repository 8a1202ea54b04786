"""The modules of a repository that are in memory: which import which, and how those with a fault are loaded anew."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, Self

LOADED_BEFORE: Final = ("flareflow", "infra", "tests.fakes", "tests.support")
"""Packages whose modules are loaded before any test. Those of `bootstrap` read the environment that a test sets."""
NOT_LOADED_BEFORE: Final = "flareflow.bootstrap"


@dataclass(frozen=True, slots=True)
class Modules:
    """The modules in memory whose files are below `root`. `importers` has the modules that import each of them."""

    root: Path
    names: Mapping[Path, str]
    importers: Mapping[str, Set[str]]

    @classmethod
    def imported_by(cls, tests: Iterable[str], root: Path) -> Self:
        """Load what these files of tests import."""
        for name in sorted({name for file in _with_conftests(tests, root) for name in _imports(file)}):
            if name.startswith(LOADED_BEFORE) and not name.startswith(NOT_LOADED_BEFORE):
                with suppress(Exception):  # a name in a module, or a module that only its test can load
                    import_module(name)
        return cls.in_memory(root)

    @classmethod
    def in_memory(cls, root: Path) -> Self:
        files = {name: Path(file) for name, module in sys.modules.items() if (file := getattr(module, "__file__", ""))}
        names = {file: name for name, file in files.items() if file.is_relative_to(root) and file.suffix == ".py"}
        importers = defaultdict(set)
        for file, name in names.items():
            for imported in _imports(file):
                importers[imported].add(name)
        return cls(root, names, importers)

    def forget(self, file: Path) -> None:
        """Forget the module of a file and all that import it; all modules where the file is none of them.

        A file that is no module may have been read by any of them.
        """
        faulty = self.names.get(file)
        for name in self._with_importers(faulty) if faulty else self.names.values():
            sys.modules.pop(name, None)
            package, _, own_name = name.rpartition(".")
            if package in sys.modules and own_name in vars(sys.modules[package]):
                delattr(sys.modules[package], own_name)

    def _with_importers(self, name: str) -> Set[str]:
        found, added = {name}, {name}
        while added:
            added = {importer for one in added for importer in self.importers.get(one, ())} - found
            found |= added
        return found


def _with_conftests(tests: Iterable[str], root: Path) -> Set[Path]:
    files = {root / test.partition("::")[0] for test in tests}
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(root)}
    return files | {conftest for folder in folders if (conftest := folder / "conftest.py").exists()}


def _imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, with the packages that contain it; and names that may be modules."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_packages(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from _with_packages(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
