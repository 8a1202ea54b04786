"""AWS Signature 4 of requests to the HTTP API, as API Gateway checks it on routes with the authorizer `AWS_IAM`.

There is one identity locally: the administrator, whose key id and secret are those of `infra.local.aws.session`. What
an identity's policies allow (`execute-api:Invoke`) is not evaluated.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from infra.local.aws import session as aws

AGE_MAX: Final = timedelta(minutes=5)
TIME_FORMAT: Final = "%Y%m%dT%H%M%SZ"
SERVICE: Final = "execute-api"
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<scope>[^,\s]+), ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class _Signed(SigV4Auth):
    """Signs the headers that the sender has signed, and no others."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(Credentials(aws.ACCESS_KEY_ID, aws.SECRET_ACCESS_KEY), SERVICE, aws.REGION)
        self._names = names

    def headers_to_sign(self, request: AWSRequest) -> Any:
        headers = super().headers_to_sign(request)
        for name in set(headers.keys()) - self._names:
            del headers[name]
        return headers


def signer_of(method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> dict[str, Any] | None:
    """What API Gateway tells a function of who has signed a request; None where nobody has, or not rightly.

    `headers` have lower-case names. The signed ones must have `host` and `x-amz-date`, which is at most `AGE_MAX` old.
    """
    given = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if given is None or given["key"] != aws.ACCESS_KEY_ID:
        return None
    names = frozenset(given["headers"].split(";"))
    sent_at = _moment(headers.get("x-amz-date", ""))
    if not {"host", "x-amz-date"} <= names or sent_at is None or abs(now - sent_at) > AGE_MAX:
        return None
    auth = _Signed(names)
    request = AWSRequest(method, url, {name: headers[name] for name in names if name in headers}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    wanted = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    same_scope = auth.credential_scope(request) == given["scope"]
    if not (same_scope and hmac.compare_digest(wanted, given["signature"])):
        return None
    return {
        "accessKey": aws.ACCESS_KEY_ID,
        "accountId": aws.ACCOUNT_ID,
        "callerId": aws.ACCESS_KEY_ID,
        "userArn": f"arn:{aws.PARTITION}:iam::{aws.ACCOUNT_ID}:user/{aws.ACCESS_KEY_ID}",
        "userId": aws.ACCESS_KEY_ID,
    }


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
