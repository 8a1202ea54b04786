"""The addresses of the page's views, by the page's own table."""

import re
from collections.abc import Sequence
from typing import Final

from infra.paths import ROOT

ROUTES: Final = ROOT / "frontend" / "page" / "router" / "routes.ts"
ROUTE: Final = re.compile(r'path: "(?P<path>[^"]+)".*?section: "(?P<section>\w+)"', re.DOTALL)


def views(section: str) -> Sequence[str]:
    """The addresses of a section; those with a value in them are left out."""
    found = [(route["path"], route["section"]) for route in ROUTE.finditer(ROUTES.read_text())]
    assert found
    return [path for path, of in found if of == section and ":" not in path]
