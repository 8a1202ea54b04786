"""The request for a statement and the response it must have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.attestation.request import ATTESTED_FIELDS, AttestationTarget

TARGET = AttestationTarget("PublicWeb2", "https://api.flareflow.example/v1/statements/")
WORD = st.integers(0, 2**256 - 1)
UINT64 = st.integers(0, 2**64 - 1)


@given(UINT64, UINT64, st.integers(0, 10**10 - 1), st.lists(WORD, min_size=9, max_size=9))
def test_the_template_renders_what_the_abi_encodes(
    voting_round: int, timestamp: int, epoch: int, words: list[int]
) -> None:
    # Given any values of what may vary
    # When the response is rendered from the template, as the contract does, and encoded by the ABI
    rendered = TARGET.template().render(voting_round, timestamp, epoch, words)
    encoded = TARGET.response(epoch, words, voting_round, timestamp)
    # Then both are the same bytes
    assert rendered == encoded


def test_another_url_has_another_template() -> None:
    # Given two prefixes of the same length
    other = AttestationTarget("PublicWeb2", "https://api.flareflow.exampla/v1/statements/")
    # Then what is fixed differs
    assert other.template() != TARGET.template()


def test_the_epoch_is_written_with_ten_digits() -> None:
    assert TARGET.request_body(5_812_345).url.endswith("/v1/statements/0005812345")


def test_nine_fields_are_attested_by_plain_field_picks() -> None:
    assert len(ATTESTED_FIELDS) == 9
    assert TARGET.request_body(1).post_process_jq.startswith("{epoch: .epoch, windowStart: .window_start, ")


@pytest.mark.parametrize(
    "prefix",
    [
        "http://api.example/v1/",
        "https://api.example:8443/v1/",
        "https://api.example/v1?epoch=",
        "https://" + "a" * 2000,
    ],
)
def test_a_url_that_flare_would_fetch_otherwise_than_written_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="Flare"):
        AttestationTarget("PublicWeb2", prefix)
