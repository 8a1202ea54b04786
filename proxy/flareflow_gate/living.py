"""Which gates of this machine are alive: each holds a lock on a file of its own for as long as it runs."""

import fcntl
import uuid
from pathlib import Path
from typing import Final

SUFFIX: Final = ".gate"


class Lifeline:
    """This process's lock, beside the outbox; the system lets go of it however the process ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = uuid.uuid4().hex
        unseen = folder / self.name
        self._file = unseen.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._path = unseen.rename(unseen.with_suffix(SUFFIX))  # seen only now, so never seen without its lock

    def living(self) -> list[str]:
        """The names of all gates that run, this one too; the files of dead ones are removed."""
        return [file.stem for file in self._folder.glob(f"*{SUFFIX}") if file.stem == self.name or _is_held(file)]

    def close(self) -> None:
        self._path.unlink()
        self._file.close()


def _is_held(file: Path) -> bool:
    try:
        with file.open() as probe:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
