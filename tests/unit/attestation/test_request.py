"""The request for a statement and the response it must have."""

import pytest

from flareflow.attestation.request import ATTESTED_FIELDS, AttestationTarget

TARGET = AttestationTarget("PublicWeb2", "https://api.flareflow.example/v1/statements/")


def test_the_epoch_is_written_with_ten_digits() -> None:
    assert TARGET.request_body(5_812_345).url.endswith("/v1/statements/0005812345")


def test_eleven_fields_are_attested_by_name() -> None:
    assert len(ATTESTED_FIELDS) == 11
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
def test_a_url_of_which_flare_would_ignore_a_part_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="Flare"):
        AttestationTarget("PublicWeb2", prefix)
