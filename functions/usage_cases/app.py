"""The operator's commands for open cases, price books and receipt keys. Whom IAM allows to invoke it may decide."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.usage_cases import operator
from flareflow.json_format import json_value
from flareflow.metering.commands import run
from flareflow.time import utc_now

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> object:
    answer = run(operator(), event, utc_now())
    logger.info("command run", command=event.get("command"), who=event.get("who"), case=event.get("case"))
    return json_value(answer)
