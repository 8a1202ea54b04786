"""`python -m infra.deploy.page BUCKET`: puts the built page into the bucket that the distribution serves it from."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from rich.console import Console

from infra.paths import PAGE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INDEX: Final = "index.html"
HASHED: Final = "assets/"
"""Names in this folder change with what they hold."""

FOR_EVER: Final = "public, max-age=31536000, immutable"
ASKED_AGAIN: Final = "no-cache"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def publish(built: Path, bucket: str, s3: "S3Client") -> int:
    """Put every file of a built page into the bucket; returns how many.

    The index goes last, so that it never names a file that is not there yet. Hashed files of earlier pages stay: a page
    that is open somewhere may still ask for them. Raises `KeyError` for a file of an unknown type.
    """
    names = sorted(_names(built), key=lambda name: (name == INDEX, name))
    for name in names:
        s3.put_object(
            Bucket=bucket,
            Key=name,
            Body=(built / name).read_bytes(),
            ContentType=TYPES[Path(name).suffix],
            CacheControl=FOR_EVER if name.startswith(HASHED) else ASKED_AGAIN,
        )
    return len(names)


def _names(built: Path) -> Iterator[str]:
    """The files' names below the folder; hidden ones are the build tool's own."""
    names = (path.relative_to(built) for path in built.rglob("*") if path.is_file())
    return (name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))


def main() -> None:
    """Publish what `npm run build` has made, as whoever AWS' usual settings say."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.page", description=__doc__)
    parser.add_argument("bucket", help="the stack's output PageBucket")
    count = publish(PAGE, parser.parse_args().bucket, boto3.Session().client("s3"))
    Console().print(f"{count} files of the page are published.")


if __name__ == "__main__":
    main()
