"""LimitsTable: how many requests were made."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import EXPIRES_AT
from flareflow.adapters.dynamodb.limit_kinds import REQUEST_COUNT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True, slots=True)
class DynamoRequestCounts:
    """`RequestCounts`: an item for each counter and window, which DynamoDB deletes after the window."""

    table: "Table"

    def count(self, counter: str, window_end: datetime, most: int) -> bool:
        ends = int(window_end.timestamp())
        try:
            with translating("count a request"):
                self.table.update_item(
                    Key=REQUEST_COUNT.key(counter=counter, window_end=ends),
                    UpdateExpression="ADD requests :one SET #expiry = :ends",
                    ConditionExpression=Attr("requests").not_exists() | Attr("requests").lt(most),
                    ExpressionAttributeNames={"#expiry": EXPIRES_AT},
                    ExpressionAttributeValues={":one": 1, ":ends": ends},
                )
        except ConditionFailedError:
            return False
        return True
