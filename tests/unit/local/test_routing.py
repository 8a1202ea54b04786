"""Which route a request takes: the most specific one, as API Gateway decides."""

import pytest

from infra.local.aws.gateway.routing import Authorizer, Route, RouteTable

TABLE = RouteTable(
    [
        Route("GET", "/{proxy+}", "greedy", None),
        Route("GET", "/things/{id}", "variable", None),
        Route("GET", "/things/all", "static", None),
        Route("ANY", "/any", "any", None),
        Route("POST", "/any", "post", None),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "function"),
    [
        ("GET", "/things/all", "static"),
        ("GET", "/things/1", "variable"),
        ("GET", "/things/1/more", "greedy"),
        ("POST", "/any", "post"),
        ("DELETE", "/any", "any"),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, function: str) -> None:
    found = TABLE.match(method, path)
    assert found is not None
    assert found[0].function == function


def test_a_path_variable_is_decoded_and_never_holds_a_slash() -> None:
    found = TABLE.match("GET", "/things/a%2Fb")
    assert found is not None
    assert found[1] == {"id": "a/b"}


def test_nothing_matches_another_method() -> None:
    assert TABLE.match("POST", "/things/all") is None


def test_an_authorizer_is_identified_by_headers_and_the_key_of_the_route() -> None:
    authorizer = Authorizer("sessions", ["$request.header.Authorization", "$context.routeKey"])
    assert authorizer.identity({"authorization": "Bearer 1"}, "GET /any") == ["Bearer 1", "GET /any"]
    assert authorizer.identity({}, "GET /any") == ["", "GET /any"]
    with pytest.raises(ValueError, match="querystring"):
        Authorizer("sessions", ["$request.querystring.token"]).identity({}, "GET /any")
