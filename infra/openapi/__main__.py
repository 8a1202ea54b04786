"""Writes docs/openapi.json, docs/problems.md and the clients in TypeScript and Python: `make openapi`."""

import json

from infra.openapi import document, problems, python, typescript

if __name__ == "__main__":
    document.FILE.write_text(document.render())
    problems.PAGE.write_text(problems.render())
    made = json.loads(document.FILE.read_text())
    typescript.FILE.write_text(typescript.render(made))
    python.FILE.write_text(python.render(made))
