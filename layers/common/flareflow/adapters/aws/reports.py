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
from flareflow.metering.spent import KeyLine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

COLUMNS: Final = (
    *("key_hash", "day", "billed_rows", "billed_nanousd", "litellm_rows", "litellm_nanousd"),
    *("missing_rows", "missing_nanousd", "surplus_nanousd"),
)


@dataclass(frozen=True, slots=True)
class S3Reports:
    """`Reports` in one bucket, under `reconciliation/<day>`."""

    s3: "S3Client"
    bucket: str

    def write(self, day: date, lines: Sequence[KeyLine]) -> None:
        rows = [_row(line) for line in lines]
        table = io.StringIO()
        writer = csv.DictWriter(table, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        self._put(_name(day, "csv"), table.getvalue(), "text/csv")
        self._put(_name(day, "json"), json.dumps({"day": day.isoformat(), "keys": rows}), "application/json")

    def _put(self, key: str, text: str, content_type: str) -> None:
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode(), ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise StorageUnavailableError(f"S3 could not keep {key}: {error}") from error


def _name(day: date, kind: str) -> str:
    return f"reconciliation/{day}.{kind}"


def _row(line: KeyLine) -> Mapping[str, str]:
    values = (
        *(line.key_hash, line.day or "all", line.billed.rows, line.billed.cost_nanousd),
        *(line.counted.rows, line.counted.cost_nanousd),
        *(line.missing.rows, line.missing.cost_nanousd, line.surplus_nanousd),
    )
    return dict(zip(COLUMNS, map(str, values), strict=True))
