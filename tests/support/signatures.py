"""Requests that are signed for AWS, as an operator sends them to the local gateway."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from requests import PreparedRequest
from requests.auth import AuthBase

from infra.local.aws import session as aws


class SignedByOperator(AuthBase):
    """Signs each request of `requests` as the administrator of the local stack."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        signed = AWSRequest(request.method, request.url, data=request.body or b"")
        SigV4Auth(Credentials(aws.ACCESS_KEY_ID, aws.SECRET_ACCESS_KEY), "execute-api", aws.REGION).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request
