"""Routes of an HTTP API, read from the OpenAPI document that SAM writes, and the choice between them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from infra.local.aws.gateway.deployment import function_of

INTEGRATION: Final = "x-amazon-apigateway-integration"
ANY_METHOD: Final = "x-amazon-apigateway-any-method"
VARIABLE: Final = re.compile(r"\{(\w+)(\+?)\}")


IAM: Final = "AWS_IAM"
HEADER: Final = "$request.header."


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A Lambda authorizer with simple responses. A request without all `identity_sources` is answered with 401.

    The one whose function is `IAM` is API Gateway's own: it takes requests that are signed.
    """

    function: str
    identity_sources: Sequence[str]

    @property
    def is_iam(self) -> bool:
        return self.function == IAM

    def identity(self, headers: Mapping[str, str], route_key: str) -> list[str]:
        """The values of the identity sources, empty for a header that is missing. `headers` have lower-case names.

        Raises ValueError for a source that is neither a header nor the key of the route.
        """
        return [_identity(source, headers, route_key) for source in self.identity_sources]


@dataclass(frozen=True, slots=True)
class Route:
    """One method ("ANY" stands for all) on one path template, and the function that is invoked."""

    method: str
    path: str
    function: str
    authorizer: Authorizer | None

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    def path_parameters(self, raw_path: str) -> Mapping[str, str] | None:
        """The decoded path variables, or None if the path does not match."""
        pattern = VARIABLE.sub(lambda name: f"(?P<{name[1]}>{'.+' if name[2] else '[^/]+'})", self.path)
        found = re.fullmatch(pattern, raw_path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None

    @property
    def specificity(self) -> tuple[int, int, bool]:
        """A sort key that puts the most specific route first, as API Gateway prefers it.

        Fewer greedy variables come first, then fewer variables, then a named method before `ANY`.
        """
        variables = VARIABLE.findall(self.path)
        return sum(bool(greedy) for _, greedy in variables), len(variables), self.method == "ANY"


@dataclass(frozen=True, slots=True)
class RouteTable:
    """All routes of an API."""

    routes: Sequence[Route]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "RouteTable":
        """From an OpenAPI document without intrinsic functions."""
        return cls(list(_routes(body)))

    def match(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The most specific route for a request, with its path variables; None if there is none."""
        matching = [
            (route, parameters)
            for route in self.routes
            if route.method in {method, "ANY"} and (parameters := route.path_parameters(raw_path)) is not None
        ]
        return min(matching, key=lambda found: found[0].specificity, default=None)


def _routes(body: Mapping[str, Any]) -> Iterator[Route]:
    authorizers = {name: _authorizer(scheme) for name, scheme in _schemes(body).items()}
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            names = [name for requirement in operation.get("security", []) for name in requirement]
            yield Route(
                method="ANY" if method == ANY_METHOD else method.upper(),
                path=path,
                function=function_of(operation[INTEGRATION]["uri"]),
                authorizer=authorizers[names[0]] if names else None,
            )


def _identity(source: str, headers: Mapping[str, str], route_key: str) -> str:
    if source == "$context.routeKey":
        return route_key
    if source.startswith(HEADER):
        return headers.get(source.removeprefix(HEADER).lower(), "")
    raise ValueError(f"the gateway knows no identity source {source}")


def _schemes(body: Mapping[str, Any]) -> Mapping[str, Any]:
    schemes: Mapping[str, Any] = body.get("components", {}).get("securitySchemes", {})
    return schemes


def _authorizer(scheme: Mapping[str, Any]) -> Authorizer:
    if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
        return Authorizer(IAM, ())
    given = scheme["x-amazon-apigateway-authorizer"]
    return Authorizer(function_of(given["authorizerUri"]), given["identitySource"])
