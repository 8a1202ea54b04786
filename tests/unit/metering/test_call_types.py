"""The list of call types."""

import pytest

from flareflow.metering.call_types import Billing, CallTypes


def test_a_list_that_says_two_things_of_a_call_type_is_refused() -> None:
    names = {Billing.BILLED: ["acompletion"], Billing.NOT_BILLED: ["acompletion"]}
    with pytest.raises(ValueError, match="two things of acompletion"):
        CallTypes(names=names)
