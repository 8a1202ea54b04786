"""The rules of the public host: who answers which path, and with which headers."""

from collections.abc import Iterator
from typing import Final

from flareflow.statements.documents import attestation_path, index_path, page_path, price_book_path, statement_path
from flareflow.statements.models import PageKind
from flareflow.transparency.tiles import CHECKPOINT, LOG_PATH, Tile
from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.distribution import Distribution
from infra.local.aws.gateway.policies import Access
from tests.unit.template.needs import Needs, routes_of

DOCUMENT_PATHS: Final = (
    statement_path(1),
    *(index_path(1, kind) for kind in PageKind),
    attestation_path(1),
    page_path(bytes(32)),
    price_book_path(bytes(32)),
    f"{LOG_PATH}/{CHECKPOINT}",
    f"{LOG_PATH}/{Tile(0, 0).path}",
)
SECURITY_HEADERS: Final = {"Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy"}
PAGE_PATHS: Final = ("/", "/index.html", "/favicon.svg", "/assets/index-C0ffee.js")
PAGE_MAY_LOAD: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def documents_are_served_without_a_function(deployment: Deployment, needs: Needs) -> Iterator[str]:
    """Each public path of documents leads to the bucket, which lets the distribution read and say what is not there."""
    distribution, bucket = Distribution.of(deployment), needs.provisioned["DocumentsBucket"]
    arn = f"arn:aws:s3:::{bucket.ref}"
    policy = distribution.policies[bucket.ref]
    for path in DOCUMENT_PATHS:
        behavior = distribution.behavior_of(path)
        if behavior.bucket != bucket.ref:
            yield f"{path} does not lead to the bucket"
        if not policy.allows(Access("s3:GetObject", f"{arn}{path}")):
            yield f"the distribution may not read {path}"
    if not policy.allows(Access("s3:ListBucket", arn)):
        yield "the distribution cannot tell what is not there from what it may not read"
    if policy.allows(Access("s3:GetObject", f"{arn}/reports/1")):
        yield "the distribution may read reports"
    if distribution.behavior_of("/v1/statements").bucket is not None:
        yield "the list of statements does not lead to the HTTP API"
    [given] = [one for _, one in deployment.template.of_type("AWS::CloudFront::Distribution")]
    for error in given["DistributionConfig"]["CustomErrorResponses"]:
        if error["ErrorCachingMinTTL"] != 0:
            yield f"an answer {error['ErrorCode']} is kept for {error['ErrorCachingMinTTL']} s"


def the_page_is_on_the_host_of_the_api(deployment: Deployment, needs: Needs) -> Iterator[str]:
    """The page's bucket answers what is no document and no route of the API."""
    distribution, bucket = Distribution.of(deployment), needs.provisioned["PageBucket"]
    arn, policy = f"arn:aws:s3:::{bucket.ref}", distribution.policies[bucket.ref]
    for path in PAGE_PATHS:
        if distribution.behavior_of(path).bucket != bucket.ref:
            yield f"{path} does not lead to the page"
    if not all(policy.allows(Access("s3:GetObject", f"{arn}/{name}")) for name in (distribution.root, "assets/a.js")):
        yield "the distribution may not read the page"
    if not policy.allows(Access("s3:ListBucket", arn)):
        yield "the distribution cannot tell what the page does not have from what it may not read"
    if distribution.root != "index.html":
        yield f"the host itself is answered with {distribution.root!r}"
    for route in routes_of(deployment):
        if distribution.behavior_of(route.path).bucket is not None:
            yield f"{route.key} does not lead to the HTTP API"


def the_page_loads_only_what_is_its_own(deployment: Deployment, _: Needs) -> Iterator[str]:
    """Whom it may talk to is named; nobody may frame it."""
    headers = Distribution.of(deployment).behavior_of("/").headers
    policy = dict(part.split(" ", 1) for part in headers.get("Content-Security-Policy", "").split("; ") if part)
    if unsafe := [part for part in policy.values() if "unsafe" in part or "*" in part.split()]:
        yield f"the page may load {unsafe}"
    for directive, wanted in PAGE_MAY_LOAD.items():
        if policy.get(directive) != wanted:
            yield f"{directive} of the page is {policy.get(directive)}, not {wanted}"
    parameters = deployment.template.parameters
    partners = (parameters["FlowRestUrl"], f"{parameters['ModelsUrl']}/", *parameters["WalletOrigins"].split())
    for partner in partners:
        if partner not in policy.get("connect-src", "").split():
            yield f"the page may not talk to {partner}"
    if policy.get("frame-src") != parameters["WalletOrigins"]:
        yield f"the page may frame {policy.get('frame-src')}"
    if headers.get("X-Frame-Options") != "DENY":
        yield "the page may be framed"


def every_answer_carries_security_headers(deployment: Deployment, _: Needs) -> Iterator[str]:
    for behavior in Distribution.of(deployment).behaviors:
        if missing := SECURITY_HEADERS - behavior.headers.keys():
            yield f"answers of {behavior.pattern} have no {', '.join(sorted(missing))}"
