"""The headers that CloudFront adds to an answer, by the response headers policy of its cache behavior."""

from collections.abc import Iterator, Mapping
from typing import Final

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.template import Properties

OPEN_TO_EVERY_PAGE: Final = {"Access-Control-Allow-Origin": "*"}
SECURITY_HEADERS: Final = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
MANAGED_POLICIES: Final[Mapping[str, Mapping[str, str]]] = {
    "60669652-455b-4ae9-85a4-c4c02393f86c": OPEN_TO_EVERY_PAGE,
    "67f7725c-6f97-4210-82d7-5512b31e9d03": SECURITY_HEADERS,
    "e61eb60c-9c35-4d20-a928-2b84e02af89c": {**OPEN_TO_EVERY_PAGE, **SECURITY_HEADERS},
}
"""CloudFront's own: SimpleCORS, SecurityHeadersPolicy, and both in one."""


def response_headers(deployment: Deployment, behavior: Properties) -> Mapping[str, str]:
    """The headers of a cache behavior. Raises `KeyError` for a managed policy that is not known here."""
    match behavior.get("ResponseHeadersPolicyId"):
        case None:
            return {}
        case {"Ref": str(name)}:
            config = deployment.template.resources[name]["Properties"]["ResponseHeadersPolicyConfig"]
            headers = _own_headers(deployment.resolve(config))
            return {header: deployment.with_local_addresses(value) for header, value in headers}
        case managed:
            return MANAGED_POLICIES[managed]


def _own_headers(config: Properties) -> Iterator[tuple[str, str]]:
    """The headers of a policy of the template, as CloudFront writes them."""
    security = config["SecurityHeadersConfig"]
    transport = security["StrictTransportSecurity"]
    subdomains = "; includeSubDomains" if transport["IncludeSubdomains"] else ""
    yield "Strict-Transport-Security", f"max-age={transport['AccessControlMaxAgeSec']}{subdomains}"
    if "ContentTypeOptions" in security:
        yield "X-Content-Type-Options", "nosniff"
    yield "X-Frame-Options", security["FrameOptions"]["FrameOption"]
    yield "Referrer-Policy", security["ReferrerPolicy"]["ReferrerPolicy"]
    yield "Content-Security-Policy", security["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    for item in config["CustomHeadersConfig"]["Items"]:
        yield item["Header"], item["Value"]
