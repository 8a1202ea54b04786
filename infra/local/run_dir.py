"""Where the running stack keeps what it writes."""

import shutil
import tempfile
from pathlib import Path

from infra import paths
from infra.local.ports import port_base


def run_dir() -> Path:
    """Logs, process ids and generated settings of the running stack; each port base has a folder of its own.

    The folder names its checkout. In a copy of a checkout it is emptied: the processes that it tells of belong to
    the original.
    """
    folder = paths.LOCAL / f"run-{port_base()}"
    owner = folder / "checkout"
    if not folder.exists() or (owner.exists() and owner.read_text() != str(paths.ROOT)):
        _begin(folder)
    return folder


def _begin(folder: Path) -> None:
    """An empty folder in place of what is there; it appears complete, because several processes may look for it."""
    paths.LOCAL.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=paths.LOCAL))
    (scratch / "new").mkdir()
    (scratch / "new" / "checkout").write_text(str(paths.ROOT))
    if folder.exists():
        folder.rename(scratch / "old")
    (scratch / "new").rename(folder)
    shutil.rmtree(scratch)
