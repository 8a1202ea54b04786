"""Faults of the AWS adapters and of the functions: what AWS did not do is not taken for done."""

from typing import Final

from tests.mutants.fault import Fault

WING: Final = "layers/common/flareflow/adapters/aws"
SENDING: Final = f"{WING}/sending.py"
DOCUMENTS: Final = f"{WING}/documents.py"
SECRETS: Final = f"{WING}/secrets.py"
FUNCTIONS: Final = "functions"

TEST_DOCUMENTS: Final = "tests/unit/adapters/aws/test_documents.py"
TEST_BATCHES: Final = "tests/unit/adapters/aws/test_slice_batches.py"
TEST_QUEUES: Final = "tests/unit/adapters/aws/test_queues_and_secrets.py"
TEST_TICK: Final = "tests/unit/functions/test_scheduled_functions.py"
TEST_AUTHORIZER: Final = "tests/unit/functions/test_session_authorizer.py"

FAULTS: Final = (
    Fault(
        "aws-document-without-bound",
        "A document of more than 16 MiB is not read.",
        DOCUMENTS,
        "            if len(body) > DOCUMENT_BYTES_MAX:\n                raise StorageUnavailableError(",
        "            if not body:\n                raise StorageUnavailableError(",
        [TEST_DOCUMENTS],
    ),
    Fault(
        "aws-failed-messages-ignored",
        "Messages of a batch that SQS did not take are an outage.",
        SENDING,
        'if failed := answer.get("Failed"):',
        'if (failed := answer.get("Failed")) and len(failed) == len(batch):',
        [TEST_BATCHES],
    ),
    Fault(
        "aws-eleven-messages-at-once",
        "A batch has at most ten messages, the most that SQS takes.",
        SENDING,
        "BATCH_MAX: Final = 10",
        "BATCH_MAX: Final = 11",
        [TEST_BATCHES],
    ),
    Fault(
        "aws-secret-read-for-ever",
        "A secret is read again after five minutes.",
        SECRETS,
        "SECRET_AGE_SECONDS_MAX: Final = 300",
        "SECRET_AGE_SECONDS_MAX: Final = 300_000",
        [TEST_QUEUES],
    ),
    Fault(
        "functions-sealed-before-polled",
        "A tick counts calls before it seals the epoch.",
        f"{FUNCTIONS}/usage_polling/app.py",
        "    poll = poll_usage()",
        "    seal_epoch().run(tick.time)\n    poll = poll_usage()",
        [TEST_TICK],
    ),
    Fault(
        "functions-token-without-scheme",
        "A session token is sent as a bearer token.",
        f"{FUNCTIONS}/session_authorizer/app.py",
        'if scheme.lower() == "bearer" else None',
        "if scheme else None",
        [TEST_AUTHORIZER],
    ),
)
