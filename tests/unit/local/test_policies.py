"""What a role allows, evaluated like IAM."""

from collections.abc import Mapping

import pytest

from infra.local.aws.gateway.policies import Access, Role, UnsupportedPolicyError, matches

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/items"


def role(*statements: Mapping[str, object], managed: tuple[str, ...] = ()) -> Role:
    return Role.parse(
        "Role",
        {"Policies": [{"PolicyDocument": {"Statement": list(statements)}}], "ManagedPolicyArns": list(managed)},
    )


READING = {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": [TABLE]}


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("dynamodb:GetItem", TABLE, True),
        ("DynamoDB:getitem", TABLE, True),
        ("dynamodb:PutItem", TABLE, False),
        ("dynamodb:GetItem", TABLE + "2", False),
        ("dynamodb:Query", TABLE, True),
        ("dynamodb:Query", TABLE + "/index/by_name", False),
    ],
)
def test_only_the_named_actions_on_the_named_resources_are_allowed(action: str, resource: str, allowed: bool) -> None:
    assert role(READING).allows(Access(action, resource)) is allowed


def test_nothing_is_allowed_without_a_statement() -> None:
    assert not role().allows(Access("dynamodb:GetItem", TABLE))


def test_a_deny_wins_over_an_allow() -> None:
    denied = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": TABLE}
    assert not role(READING, denied).allows(Access("dynamodb:GetItem", TABLE))
    assert not role(denied, READING).allows(Access("dynamodb:GetItem", TABLE))


def test_the_first_access_that_is_refused_is_told() -> None:
    wanted = [Access("dynamodb:GetItem", TABLE), Access("dynamodb:Scan", TABLE), Access("dynamodb:PutItem", TABLE)]
    assert role(READING).first_refused(wanted) == Access("dynamodb:Scan", TABLE)
    assert role(READING).first_refused(wanted[:1]) is None


@pytest.mark.parametrize(
    ("pattern", "text", "covered"),
    [
        ("arn:aws:s3:::documents/*", "arn:aws:s3:::documents/pages/1.txt", True),
        ("arn:aws:s3:::documents/*", "arn:aws:s3:::documents", False),
        ("dynamodb:*Item", "dynamodb:GetItem", True),
        ("a?c", "abc", True),
        ("a?c", "abbc", False),
        ("a.c", "abc", False),
        ("[abc]", "a", False),
    ],
)
def test_a_wildcard_covers_any_text_and_all_else_is_literal(pattern: str, text: str, covered: bool) -> None:
    assert matches(pattern, text) is covered


def test_a_managed_policy_of_sam_allows_what_aws_says() -> None:
    reading_queues = role(managed=("arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",))
    assert reading_queues.allows(Access("sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:123456789012:any"))
    assert not reading_queues.allows(Access("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:any"))


@pytest.mark.parametrize(
    "unevaluated",
    [
        {**READING, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
        {"Effect": "Allow", "NotAction": "dynamodb:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "dynamodb:*", "NotResource": TABLE},
    ],
)
def test_a_statement_that_is_not_evaluated_is_never_ignored(unevaluated: Mapping[str, object]) -> None:
    with pytest.raises(UnsupportedPolicyError):
        role(unevaluated)


def test_an_unknown_managed_policy_is_never_ignored() -> None:
    with pytest.raises(UnsupportedPolicyError, match="AdministratorAccess"):
        role(managed=("arn:aws:iam::aws:policy/AdministratorAccess",))
