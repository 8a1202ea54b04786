"""The status of outside systems and of the pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flareflow.attestation.models import State
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.health import Health, System
from flareflow.settlement.status import ReadStatus, Status
from flareflow.time import Epochs
from tests.fakes.settlement import FakeKnownRates
from tests.unit.statements.sealing import Sealing

EPOCHS = Epochs(300)
NOW = EPOCHS.end(1_000) + timedelta(seconds=60)
MINUTE = timedelta(minutes=1)


@dataclass
class Known:
    """What is known of the outside systems."""

    metered_to: datetime | None = NOW - MINUTE
    complete: datetime | None = NOW - MINUTE
    rate: KnownRate | None = field(default_factory=lambda: KnownRate(1, NOW - MINUTE))
    under_way: Sequence[tuple[int, State]] = ()
    sealing: Sealing = field(default_factory=Sealing)

    def states(self) -> Sequence[tuple[int, State]]:
        return self.under_way

    def complete_at(self) -> datetime | None:
        return self.complete

    @property
    def reading(self) -> ReadStatus:
        statements, rates = self.sealing.statements, FakeKnownRates(self.rate)
        return ReadStatus(lambda: self.metered_to, statements, self, self, rates, EPOCHS, lambda: NOW)

    def status(self) -> Status:
        return self.reading.run()

    def health(self) -> dict[System, Health]:
        return {one.system: one.health for one in self.status().systems}


def test_all_is_ok_when_every_system_has_done_its_part_lately() -> None:
    status = Known().status()
    assert status.health is Health.OK
    assert {one.health for one in status.systems} == {Health.OK}
    assert {one.seconds_behind for one in status.systems} == {0, 60}


def test_a_system_that_is_three_ticks_behind_is_late() -> None:
    assert Known(metered_to=NOW - 15 * MINUTE).health()[System.LITELLM] is Health.OK
    known = Known(metered_to=NOW - 16 * MINUTE)
    assert (known.health()[System.LITELLM], known.status().health) == (Health.LATE, Health.LATE)
    assert Known(complete=NOW - 16 * MINUTE).health()[System.FLOW] is Health.LATE
    assert Known(rate=KnownRate(1, NOW - 61 * MINUTE)).health()[System.PRICE_ORACLE] is Health.LATE


def test_a_system_that_nothing_is_known_of_is_unknown_and_not_late() -> None:
    known = Known(metered_to=None, complete=None, rate=None)
    assert known.health() | {System.FLARE: Health.UNKNOWN} == dict.fromkeys(System, Health.UNKNOWN)
    assert known.status().health is Health.OK


def test_flare_is_late_when_the_oldest_epoch_waits_for_it_too_long() -> None:
    waits = [(990, State.FINALIZED), (1_000, State.SEALED)]
    assert Known(under_way=waits).health()[System.FLARE] is Health.LATE
    # What is proven no longer waits for Flare
    assert Known(under_way=[(990, State.PROVEN), (1_000, State.SEALED)]).health()[System.FLARE] is Health.OK


def test_the_pipeline_tells_how_far_usage_is() -> None:
    known = Known(under_way=[(999, State.PROVEN), (1_000, State.SEALED)])
    known.sealing.count(1, 1)
    known.sealing.seal()
    pipeline = known.status().pipeline
    assert (pipeline.newest_statement, pipeline.sealed_to) == (1_000, EPOCHS.end(1_000))
    assert (pipeline.unsettled, pipeline.oldest_unsettled, pipeline.lag_seconds) == (2, 999, 360)
    assert Known().status().pipeline.lag_seconds == 0
