"""A user's own tokenizer: one of tiktoken's, a file of Hugging Face's `tokenizers`, or any command.

Both libraries are optional (`pipx install '.[recount]'`). A command reads one JSON string a line, and writes one number
of tokens a line, in the same order.
"""

import json
import shlex
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from flareflow_verify.errors import CommandError

COMMAND_SECONDS_MAX: Final = 600
FORM: Final = "tiktoken:ENCODING-OR-MODEL, file:TOKENIZER.JSON or command:COMMAND"

type Count = Callable[[Sequence[str]], Sequence[int]]
"""The numbers of tokens of texts."""


def tokenizer(named: str) -> Count:
    """The tokenizer of a name as in `FORM`. Raises CommandError if there is none."""
    kind, _, what = named.partition(":")
    match kind:
        case "tiktoken" if what:
            return _tiktoken(what)
        case "file" if what:
            return _file(Path(what))
        case "command" if what:
            return _command(what)
    raise CommandError(f"{named[:100]!r} is no tokenizer; name {FORM}")


def _tiktoken(name: str) -> Count:
    try:
        import tiktoken  # noqa: PLC0415 (optional)

        encoding = (
            tiktoken.get_encoding(name) if name in tiktoken.list_encoding_names() else tiktoken.encoding_for_model(name)
        )
    except ImportError as error:
        raise CommandError("tiktoken is not installed: pipx install '.[recount]'") from error
    except (KeyError, ValueError, OSError) as error:
        raise CommandError(f"tiktoken has no {name!r}: {str(error)[:200]}") from error
    return lambda texts: [len(encoding.encode(text, disallowed_special=())) for text in texts]


def _file(path: Path) -> Count:
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 (optional)

        read = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except ImportError as error:
        raise CommandError("tokenizers is not installed: pipx install '.[recount]'") from error
    except Exception as error:  # the library raises plain exceptions
        raise CommandError(f"{path} is no tokenizer: {str(error)[:200]}") from error
    return lambda texts: [len(read.encode(text, add_special_tokens=False).ids) for text in texts]


def _command(text: str) -> Count:
    try:
        command = shlex.split(text)
    except ValueError as error:
        raise CommandError(f"{text[:100]!r} is no command: {error}") from error

    def count(texts: Sequence[str]) -> Sequence[int]:
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        try:
            ended = subprocess.run(  # noqa: S603 (the user's own command)
                command, input=lines, capture_output=True, text=True, check=True, timeout=COMMAND_SECONDS_MAX
            )
            counts = [int(line) for line in ended.stdout.split()]
        except subprocess.CalledProcessError as error:
            raise CommandError(f"{command[0]} failed: {error.stderr.strip()[-200:]}") from error
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise CommandError(f"{command[0]} is no tokenizer: {str(error)[:200]}") from error
        if len(counts) != len(texts) or any(one < 0 for one in counts):
            raise CommandError(f"{command[0]} told {len(counts)} numbers of tokens of {len(texts)} texts")
        return counts

    return count
