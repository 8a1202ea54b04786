"""All faults, in the order of the packages."""

from typing import Final

from tests.mutants import accounts, adapters, attestation, books, metering, settlement, statements
from tests.mutants.fault import Fault

FAULTS: Final[tuple[Fault, ...]] = (
    *metering.FAULTS,
    *statements.FAULTS,
    *attestation.FAULTS,
    *settlement.FAULTS,
    *books.FAULTS,
    *accounts.FAULTS,
    *adapters.FAULTS,
)
