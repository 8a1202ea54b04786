"""Faults of the SAM template: permissions, triggers, batches, expiry and timeouts that the functions need."""

from typing import Final

from tests.mutants.fault import Fault

TEMPLATE: Final = "template.yaml"
KEEPS: Final = "tests/unit/template/test_rules.py::test_the_template_keeps_the_rule"
"""A rule's test; those of rules about what the functions did run all functions."""

USAGE_OF_ENFORCEMENT: Final = """\
        Usage:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt UsageTable.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: 100
            ParallelizationFactor: 10
            FilterCriteria: {Filters: [{Pattern: '{"dynamodb": {"Keys": {"sk": {"S": ["LIVE"]}}}}'}]}
            FunctionResponseTypes: [ReportBatchItemFailures]
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 5
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt EnforcementFailuresQueue.Arn}}
"""

FAULTS: Final = (
    Fault(
        "template-index-cannot-be-queried",
        "A function may do everything that it does.",
        TEMPLATE,
        'Action: ["dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:BatchWriteItem"]',
        'Action: ["dynamodb:BatchGetItem", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:BatchWriteItem"]',
        [f"{KEEPS}[roles_allow_what_is_needed]"],
    ),
    Fault(
        "template-more-is-allowed-than-needed",
        "A function may do nothing that it does not do.",
        TEMPLATE,
        'Action: ["dynamodb:GetItem", "dynamodb:UpdateItem"], Resource: !GetAtt AccountsTable.Arn',
        'Action: ["dynamodb:GetItem", "dynamodb:DeleteItem"], Resource: !GetAtt AccountsTable.Arn',
        [f"{KEEPS}[roles_allow_nothing_else]"],
    ),
    Fault(
        "template-whole-queue-batch-repeated",
        "Only the messages of a batch that failed are delivered again.",
        TEMPLATE,
        "BatchSize: 1, FunctionResponseTypes: [ReportBatchItemFailures],",
        "BatchSize: 1,",
        [f"{KEEPS}[a_batch_that_fails_loses_nothing]"],
    ),
    Fault(
        "template-stream-trigger-missing",
        "Keys are blocked when usage changes.",
        TEMPLATE,
        USAGE_OF_ENFORCEMENT,
        "",
        [f"{KEEPS}[functions_have_their_triggers]"],
    ),
    Fault(
        "template-expiry-of-another-name",
        "DynamoDB deletes items by the attribute that is written for it.",
        TEMPLATE,
        "TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}\n  StatementsTable:",
        "TimeToLiveSpecification: {AttributeName: expires, Enabled: true}\n  StatementsTable:",
        [f"{KEEPS}[items_expire_by_the_attribute_that_is_written]"],
    ),
)
