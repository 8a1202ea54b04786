"""Reports of the reconciliation in S3, one JSON and one CSV document a day."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from flareflow.errors import StorageUnavailableError
from flareflow.metering.spent import KeyLine, MarginLine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

COLUMNS: Final = (
    *("key_hash", "day", "billed_rows", "billed_nanousd", "litellm_rows", "litellm_nanousd"),
    *("missing_rows", "missing_nanousd", "surplus_nanousd"),
)
MARGIN_COLUMNS: Final = (
    *("model", "day", "calls", "rated_microtokens", "revenue_nanousd", "cost_nanousd", "margin_nanousd"),
)


@dataclass(frozen=True, slots=True)
class S3Reports:
    """`Reports` in one bucket, under `reconciliation/<day>` and `margins/<day>`."""

    s3: "S3Client"
    bucket: str

    def write(self, day: date, lines: Sequence[KeyLine], margins: Sequence[MarginLine]) -> None:
        self._write("reconciliation", day, "keys", COLUMNS, [_row(line) for line in lines])
        self._write("margins", day, "models", MARGIN_COLUMNS, [_margin_row(line) for line in margins])

    def _write(
        self, folder: str, day: date, what: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]
    ) -> None:
        table = io.StringIO()
        writer = csv.DictWriter(table, columns)
        writer.writeheader()
        writer.writerows(rows)
        self._put(f"{folder}/{day}.csv", table.getvalue(), "text/csv")
        self._put(f"{folder}/{day}.json", json.dumps({"day": day.isoformat(), what: rows}), "application/json")

    def _put(self, key: str, text: str, content_type: str) -> None:
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise StorageUnavailableError(f"S3 could not keep {key}: {error}") from error


def _row(line: KeyLine) -> Mapping[str, str]:
    values = (
        *(line.key_hash, line.day or "all", line.billed.rows, line.billed.cost_nanousd),
        *(line.counted.rows, line.counted.cost_nanousd),
        *(line.missing.rows, line.missing.cost_nanousd, line.surplus_nanousd),
    )
    return dict(zip(COLUMNS, map(str, values), strict=True))


def _margin_row(line: MarginLine) -> Mapping[str, str]:
    sold = line.sold
    values = (line.model, line.day, sold.calls, sold.rated_microtokens, line.revenue_nanousd, sold.cost_nanousd)
    return dict(zip(MARGIN_COLUMNS, map(str, (*values, line.margin_nanousd)), strict=True))
