"""All faults: those of every module beside this one that has a list `FAULTS`."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from tests import mutants
from tests.mutants.fault import Fault


def _faults_of(module: str) -> tuple[Fault, ...]:
    faults: tuple[Fault, ...] = getattr(import_module(f"{mutants.__name__}.{module}"), "FAULTS", ())
    return faults


MODULES: Final = tuple(one.name for one in iter_modules(mutants.__path__) if one.name not in {"__main__", "catalogue"})
FAULTS: Final = tuple(fault for module in MODULES for fault in _faults_of(module))
