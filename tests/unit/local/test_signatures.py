"""Signature 4 of requests, as the local gateway checks it for operators' routes."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infra.local.aws import session as aws
from infra.local.aws.gateway.signatures import TIME_FORMAT, signer_of

URL = "http://127.0.0.1:14000/v1/operator/cases?case=row%23unknown%23a%2Fb&cursor="
BODY = b'{"case": "1"}'


def signed(
    *, key: str = aws.ACCESS_KEY_ID, secret: str = aws.SECRET_ACCESS_KEY, service: str = "execute-api"
) -> dict[str, str]:
    """The headers of a request as the SDK of AWS signs them now."""
    request = AWSRequest("POST", URL, {"content-type": "application/json"}, BODY)
    SigV4Auth(Credentials(key, secret), service, aws.REGION).add_auth(request)
    return {"host": "127.0.0.1:14000", **{name.lower(): value for name, value in request.headers.items()}}


def test_a_request_that_is_signed_rightly_is_its_signers() -> None:
    signer = signer_of("POST", URL, signed() | {"x-other": "added on the way"}, BODY, datetime.now(UTC))
    assert signer
    assert signer["userArn"] == "arn:aws:iam::123456789012:user/local"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer ffa_0000"},
        signed(key="another"),
        signed(secret="another"),
        signed(service="lambda"),
        signed() | {"content-type": "text/plain"},
        signed() | {"host": "elsewhere"},
        signed() | {"x-amz-date": "yesterday"},
        signed() | {"authorization": signed()["authorization"][:-1] + "x"},
    ],
)
def test_any_other_is_nobodys(headers: dict[str, str]) -> None:
    assert signer_of("POST", URL, headers, BODY, datetime.now(UTC)) is None


def test_the_signature_is_of_this_request_and_of_now() -> None:
    headers, now = signed(), datetime.now(UTC)
    assert signer_of("GET", URL, headers, BODY, now) is None
    assert signer_of("POST", URL + "x", headers, BODY, now) is None
    assert signer_of("POST", URL, headers, BODY + b" ", now) is None
    assert signer_of("POST", URL, headers, BODY, now + timedelta(minutes=6)) is None
    sent_at = datetime.strptime(headers["x-amz-date"], TIME_FORMAT).replace(tzinfo=UTC)
    assert signer_of("POST", URL, headers, BODY, sent_at + timedelta(minutes=4))
