"""All faults, in the order of the packages."""

from typing import Final

from tests.mutants import metering
from tests.mutants.fault import Fault

FAULTS: Final[tuple[Fault, ...]] = (*metering.FAULTS,)
