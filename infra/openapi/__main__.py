"""Writes docs/openapi.json, docs/problems.md and frontend/api/operations.ts: `make openapi`."""

import json

from infra.openapi import document, problems, typescript

if __name__ == "__main__":
    document.FILE.write_text(document.render())
    problems.PAGE.write_text(problems.render())
    typescript.FILE.write_text(typescript.render(json.loads(document.FILE.read_text())))
