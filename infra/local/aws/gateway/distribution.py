"""The CloudFront distribution: which requests of the public host go to which bucket, and what the bucket answers.

A request belongs to the first of the template's cache behaviors that covers its path, or else to the default one. It
is answered from the behavior's bucket, without any function, or by the HTTP API. A bucket's policy decides what the
distribution may read. Nothing is cached.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from aiohttp import web
from botocore.exceptions import ClientError

from infra.local.aws import session as aws
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.policies import Access, Role
from infra.local.aws.gateway.response_headers import response_headers
from infra.local.aws.gateway.template import Properties
from infra.local.ports import url

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DISTRIBUTION_TYPE: Final = "AWS::CloudFront::Distribution"
POLICY_TYPE: Final = "AWS::S3::BucketPolicy"
BUCKET_HOST: Final = re.compile(r"(.+)\.s3\.[a-z0-9-]+\.amazonaws\.com")
COMPRESSED_TYPES: Final = frozenset(
    {"text/html", "text/css", "text/javascript", "text/plain", "application/json", "image/svg+xml"}
)
COMPRESSED_BYTES_MIN: Final = 1_000
KEPT: Final = ("ETag", "Cache-Control")
"""What is said again of an object that has not changed."""

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Behavior:
    """Who answers requests with such a path: a bucket, or the HTTP API where there is none.

    `?` in the pattern is any character, `*` any text. `headers` are added to what is answered.
    """

    pattern: str = "*"
    bucket: str | None = None
    methods: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    compresses: bool = False

    def covers(self, path: str) -> bool:
        return re.fullmatch(re.escape(self.pattern).replace(r"\*", ".*").replace(r"\?", "."), path) is not None


@dataclass(frozen=True, slots=True)
class Distribution:
    """The behaviors in their order, of which the last one covers everything.

    `policies` say what each bucket lets the distribution do; `root` is the object that is served for `/`.
    """

    behaviors: Sequence[Behavior]
    root: str
    policies: Mapping[str, Role]
    s3: "S3Client"

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """The one distribution of the template, or none, where the HTTP API answers everything."""
        s3 = aws.session().client("s3", endpoint_url=url("moto"))
        configs = [given["DistributionConfig"] for _, given in deployment.template.of_type(DISTRIBUTION_TYPE)]
        policies = [deployment.resolve(given) for _, given in deployment.template.of_type(POLICY_TYPE)]
        allowed = {str(policy["Bucket"]): _of_distribution(policy) for policy in policies}
        behaviors = [behavior for config in configs for behavior in _behaviors(deployment, config)]
        root = next((config.get("DefaultRootObject", "") for config in configs), "")
        return cls(behaviors or [Behavior()], root, allowed, s3)

    def behavior_of(self, path: str) -> Behavior:
        """The first behavior that covers a path."""
        return next(behavior for behavior in self.behaviors if behavior.covers(path))

    def app(self, api: web.Application) -> web.Application:
        """The HTTP API's application, with the buckets before it."""

        @web.middleware
        async def buckets_first(request: web.Request, handler: Handler) -> web.StreamResponse:
            behavior = self.behavior_of(request.rel_url.raw_path)
            bucket = behavior.bucket
            response = await (handler(request) if bucket is None else self._object(request, behavior, bucket))
            response.headers.update(behavior.headers)
            return response

        api.middlewares.append(buckets_first)
        return api

    async def _object(self, request: web.Request, behavior: Behavior, bucket: str) -> web.Response:
        if request.method not in behavior.methods:
            return web.Response(status=403, text="This distribution is not configured to allow the request method.")
        key = request.rel_url.raw_path.removeprefix("/") or self.root
        found = await asyncio.to_thread(self.answer, bucket, key)
        if found.status == 200 and found.headers["ETag"] in request.headers.get("If-None-Match", ""):
            return web.Response(
                status=304, headers={name: found.headers[name] for name in KEPT if name in found.headers}
            )
        if behavior.compresses and _is_compressible(found) and "gzip" in request.headers.get("Accept-Encoding", ""):
            found.enable_compression(web.ContentCoding.gzip)
        return found

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
            pattern=given.get("PathPattern", "*"),
            bucket=buckets.get(given["TargetOriginId"]),
            methods=given.get("AllowedMethods", ["GET", "HEAD"]),
            headers=response_headers(deployment, given),
            compresses=given.get("Compress", False),
        )
        for given in (*config["CacheBehaviors"], config["DefaultCacheBehavior"])
    ]


def _is_compressible(response: web.Response) -> bool:
    length = response.content_length or 0
    return response.content_type in COMPRESSED_TYPES and length >= COMPRESSED_BYTES_MIN


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
