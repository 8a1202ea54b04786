"""Writes docs/openapi.json and docs/problems.md: `make openapi`."""

from infra.openapi import document, problems

if __name__ == "__main__":
    document.FILE.write_text(document.render())
    problems.PAGE.write_text(problems.render())
