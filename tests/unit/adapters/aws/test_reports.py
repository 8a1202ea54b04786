"""The daily report of the reconciliation, as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date

import boto3
import pytest
from moto import mock_aws

from flareflow.adapters.aws.reports import S3Reports
from flareflow.errors import StorageUnavailableError
from flareflow.metering.spent import Compared, KeyLine, MarginLine, Sold, Spent

REGION = "us-east-1"
DAY = date(2026, 11, 23)
KEY = "ab" * 32
ROW = {
    "key_hash": KEY,
    "day": "2026-11-23",
    "billed_rows": "2",
    "billed_nanousd": "2000",
    "litellm_rows": "4",
    "litellm_nanousd": "4000",
    "missing_rows": "1",
    "missing_nanousd": "1000",
    "surplus_nanousd": "0",
}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, REGION)
    with mock_aws():
        yield


def test_a_day_is_one_json_and_one_csv_document() -> None:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="documents")
    line = KeyLine(KEY, DAY, Spent(2, 2_000), Spent(4, 4_000), Compared(Spent(3, 3_000)))
    S3Reports(s3, "documents").write(DAY, [line], [MarginLine("gpt-4o", DAY, Sold(3, 2 * 10**12, 5), 10**9)])
    told = json.loads(s3.get_object(Bucket="documents", Key="reconciliation/2026-11-23.json")["Body"].read())
    assert told == {"day": "2026-11-23", "keys": [ROW]}
    table = s3.get_object(Bucket="documents", Key="reconciliation/2026-11-23.csv")["Body"].read().decode()
    assert list(csv.DictReader(io.StringIO(table))) == [ROW]
    margins = json.loads(s3.get_object(Bucket="documents", Key="margins/2026-11-23.json")["Body"].read())
    assert margins["models"] == [
        {
            **{"model": "gpt-4o", "day": "2026-11-23", "calls": "3", "rated_microtokens": "2000000000000"},
            **{"revenue_nanousd": "2000000000", "cost_nanousd": "5", "margin_nanousd": "1999999995"},
        }
    ]


def test_a_bucket_that_does_not_exist_means_that_storage_is_unavailable() -> None:
    with pytest.raises(StorageUnavailableError):
        S3Reports(boto3.client("s3", region_name=REGION), "none").write(DAY, [], [])
