"""The CloudFront distribution: which requests of the public host go to the bucket, and what the bucket answers.

Paths of the template's cache behaviors whose origin is a bucket are answered from that bucket, without any function;
all others are the HTTP API's. The bucket's policy decides what the distribution may read. Nothing is cached.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from aiohttp import web
from botocore.exceptions import ClientError

from infra.local.aws import session as aws
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.policies import Access, Role
from infra.local.aws.gateway.template import Properties
from infra.local.ports import url

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DISTRIBUTION_TYPE: Final = "AWS::CloudFront::Distribution"
POLICY_TYPE: Final = "AWS::S3::BucketPolicy"
BUCKET_HOST: Final = re.compile(r"(.+)\.s3\.[a-z0-9-]+\.amazonaws\.com")
OPEN_TO_EVERY_PAGE: Final = {"Access-Control-Allow-Origin": "*"}
SECURITY_HEADERS: Final = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
HEADERS_OF_POLICIES: Final[Mapping[str | None, Mapping[str, str]]] = {
    None: {},
    "60669652-455b-4ae9-85a4-c4c02393f86c": OPEN_TO_EVERY_PAGE,
    "67f7725c-6f97-4210-82d7-5512b31e9d03": SECURITY_HEADERS,
    "e61eb60c-9c35-4d20-a928-2b84e02af89c": {**OPEN_TO_EVERY_PAGE, **SECURITY_HEADERS},
}
"""What CloudFront's managed response headers policies add: SimpleCORS, SecurityHeadersPolicy, and both in one."""

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Behavior:
    """Requests with such a path are answered from a bucket; `?` in the pattern is any character, `*` any text."""

    pattern: str
    bucket: str
    methods: Sequence[str]
    headers: Mapping[str, str]

    def covers(self, path: str) -> bool:
        return re.fullmatch(re.escape(self.pattern).replace(r"\*", ".*").replace(r"\?", "."), path) is not None


@dataclass(frozen=True, slots=True)
class Distribution:
    """The behaviors in their order, and for each bucket what its policy lets the distribution do.

    `headers` are added to what the HTTP API answers.
    """

    behaviors: Sequence[Behavior]
    headers: Mapping[str, str]
    policies: Mapping[str, Role]
    s3: "S3Client"

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """The one distribution of the template, or none at all."""
        s3 = aws.session().client("s3", endpoint_url=url("moto"))
        policies = [deployment.resolve(given) for _, given in deployment.template.of_type(POLICY_TYPE)]
        configs = [given["DistributionConfig"] for _, given in deployment.template.of_type(DISTRIBUTION_TYPE)]
        behaviors = [behavior for config in configs for behavior in _behaviors(deployment, config)]
        headers = [_headers(config["DefaultCacheBehavior"]) for config in configs]
        allowed = {str(policy["Bucket"]): _of_distribution(policy) for policy in policies}
        return cls(behaviors, headers[0] if headers else {}, allowed, s3)

    def behavior_of(self, path: str) -> Behavior | None:
        """The first behavior that covers a path; None where the HTTP API answers."""
        return next((behavior for behavior in self.behaviors if behavior.covers(path)), None)

    def app(self, api: web.Application) -> web.Application:
        """The HTTP API's application, with the bucket's documents before it."""

        @web.middleware
        async def documents_first(request: web.Request, handler: Handler) -> web.StreamResponse:
            behavior = self.behavior_of(request.rel_url.raw_path)
            response = await handler(request) if behavior is None else await self._document(request, behavior)
            response.headers.update(self.headers if behavior is None else behavior.headers)
            return response

        api.middlewares.append(documents_first)
        return api

    async def _document(self, request: web.Request, behavior: Behavior) -> web.Response:
        if request.method not in behavior.methods:
            return web.Response(status=403, text="This distribution is not configured to allow the request method.")
        return await asyncio.to_thread(self.answer, behavior.bucket, request.rel_url.raw_path.removeprefix("/"))

    def answer(self, bucket: str, key: str) -> web.Response:
        """What the bucket answers: 404 for what is not there only to who may list it, otherwise 403."""
        policy, arn = self.policies.get(bucket, Role("distribution", [])), f"arn:{aws.PARTITION}:s3:::{bucket}"
        if not policy.allows(Access("s3:GetObject", f"{arn}/{key}")):
            return _error(403, "AccessDenied")
        try:
            found = self.s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            missing = policy.allows(Access("s3:ListBucket", arn))
            return _error(404, "NoSuchKey") if missing else _error(403, "AccessDenied")
        headers = {"Content-Type": found["ContentType"], "ETag": found["ETag"]}
        if "CacheControl" in found:
            headers["Cache-Control"] = found["CacheControl"]
        return web.Response(body=found["Body"].read(), headers=headers)


def _behaviors(deployment: Deployment, config: Properties) -> list[Behavior]:
    hosts = {origin["Id"]: deployment.resolve(origin["DomainName"]) for origin in config["Origins"]}
    buckets = {name: found[1] for name, host in hosts.items() if (found := BUCKET_HOST.fullmatch(host))}
    return [
        Behavior(
            pattern=given["PathPattern"],
            bucket=buckets[given["TargetOriginId"]],
            methods=given["AllowedMethods"],
            headers=_headers(given),
        )
        for given in config["CacheBehaviors"]
        if given["TargetOriginId"] in buckets
    ]


def _headers(behavior: Properties) -> Mapping[str, str]:
    return HEADERS_OF_POLICIES[behavior.get("ResponseHeadersPolicyId")]


def _of_distribution(policy: Properties) -> Role:
    """What a resolved bucket policy allows CloudFront. Its condition names the one distribution, which this is."""
    statements: list[Any] = [
        {name: part for name, part in statement.items() if name not in {"Principal", "Condition"}}
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    ]
    return Role.parse("distribution", {"Policies": [{"PolicyDocument": {"Statement": statements}}]})


def _error(status: int, code: str) -> web.Response:
    return web.Response(status=status, text=f"<Error><Code>{code}</Code></Error>", content_type="application/xml")
