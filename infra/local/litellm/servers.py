"""LiteLLM in the local stack: its database, the upstream that it forwards calls to, and LiteLLM in its gate."""

import signal
import sys
from pathlib import Path
from typing import Final

from flareflow_gate.receipt_key import make
from infra.local.flow.network import EPOCH_SECONDS
from infra.local.ports import HOST, port, url
from infra.local.run_dir import run_dir
from infra.local.server import Server, answers, listens
from infra.paths import LOCAL, ROOT

KIT: Final = Path(__file__).parent
INSTALLED: Final = LOCAL / "litellm"


def postgres() -> Server:
    """Postgres with LiteLLM's tables, empty at every start."""
    data = run_dir() / "postgres"
    return Server(
        name="postgres",
        command=[str(KIT / "run_postgres.sh"), str(INSTALLED / "database"), str(data), str(port("postgres"))],
        ports=["postgres"],
        is_ready=listens("postgres"),
        stop_signal=signal.SIGINT,  # a "fast shutdown"; on SIGTERM it would wait until its clients have left
    )


def upstream() -> Server:
    """The server that answers model calls as OpenAI would."""
    return Server(
        name="upstream",
        command=[sys.executable, "-m", "infra.local.litellm.upstream", str(port("upstream"))],
        ports=["upstream"],
        is_ready=answers(f"{url('upstream')}/v1/models"),
        cwd=ROOT,
    )


def litellm(master_key: str, api_url: str, push_secret: str) -> Server:
    """LiteLLM behind the gate, which takes prices from FlareFlow's API and sends it the records of calls."""
    outbox = run_dir() / "gate"
    return Server(
        name="litellm",
        command=[str(KIT / "run_gate.sh"), str(INSTALLED / "venv" / "bin" / "python"), str(outbox)],
        ports=["litellm", "litellm_admin"],
        is_ready=answers(f"{url('litellm_admin')}/health/readiness", contains='"db":"connected"'),
        needs=["postgres"],
        env={
            **query_engine(),
            **_quiet_start(),
            "CONFIG_FILE_PATH": str(KIT / "config.yaml"),
            "LITELLM_MASTER_KEY": master_key,
            "LITELLM_SALT_KEY": master_key,
            "DATABASE_URL": f"postgresql://litellm@{HOST}:{port('postgres')}/litellm",
            "FAKE_UPSTREAM": f"{url('upstream')}/v1",
            "PYTHONPATH": f"{ROOT / 'proxy'}:{ROOT / 'layers' / 'common'}",
            "FLAREFLOW_GATE_PORT": str(port("litellm")),
            "FLAREFLOW_GATE_ADMIN_PORT": str(port("litellm_admin")),
            "FLAREFLOW_GATE_PRICE_BOOK_URL": f"{api_url}/v1/price-book",
            "FLAREFLOW_GATE_INGEST_URL": f"{api_url}/internal/usage",
            "FLAREFLOW_GATE_INGEST_SECRET": push_secret,
            "FLAREFLOW_GATE_CREDIT_URL": f"{api_url}/internal/credit",
            "FLAREFLOW_GATE_TOP_UP_URL": f"{api_url}/top-up",
            "FLAREFLOW_GATE_OUTBOX": str(outbox / "outbox.db"),
            "FLAREFLOW_GATE_RECEIPT_KEY": str(receipt_key()),
            "FLAREFLOW_GATE_EPOCH_SECONDS": str(EPOCH_SECONDS),
            # rows are written within a second
            "SPEND_LOG_QUEUE_POLL_INTERVAL": "0.5",
        },
        cwd=run_dir(),
        usual_seconds=20,
    )


def receipt_key() -> Path:
    """The file of the key that signs receipts; made at the first start and kept."""
    file = run_dir() / "receipt-key.pem"
    if not file.exists():
        make(file)
    return file


def query_engine() -> dict[str, str]:
    """Where Prisma's client finds its engines: our stand-ins (see `query_engine/README.md`)."""
    return {
        "PRISMA_HOME_DIR": str(INSTALLED / "prisma"),
        "PRISMA_QUERY_ENGINE_BINARY": str(KIT / "query_engine" / "query-engine"),
        "PRISMA_SCHEMA_ENGINE_BINARY": str(KIT / "query_engine" / "schema-engine"),
        "NODE_PATH": str(INSTALLED / "node_modules"),
    }


def _quiet_start() -> dict[str, str]:
    """Settings that keep it from migrating the database and from using the internet when it starts."""
    return {
        "DISABLE_SCHEMA_UPDATE": "true",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "DISABLE_ADMIN_UI": "True",
        "CHECKPOINT_DISABLE": "1",
        "PRISMA_HIDE_UPDATE_MESSAGE": "1",
    }
