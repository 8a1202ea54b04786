"""What ends a command lets it clean up, once."""

import signal

import pytest

from infra.local.interruption import ended_like_interrupted


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_only_the_first_signal_interrupts(ending: signal.Signals) -> None:
    # Given a command whose clean-up gets further signals
    before, cleaned_up = signal.getsignal(ending), False
    with pytest.raises(KeyboardInterrupt, match=ending.name), ended_like_interrupted():
        try:
            # When it is ended
            signal.raise_signal(ending)
        finally:
            for another in (signal.SIGTERM, signal.SIGHUP):
                signal.raise_signal(another)
            cleaned_up = True
    # Then it has cleaned up, and signals are handled as before
    assert cleaned_up
    assert signal.getsignal(ending) is before
