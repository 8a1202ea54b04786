"""DynamoDB tables whose writes a test interrupts: an invocation ends there, or something else happens before."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

type Keys = tuple[str, str]


class CrashError(Exception):
    """The invocation ended here."""


@dataclass
class BreakableTable:
    """What is common to the table in memory and the real one."""

    crash_at: int | None = field(default=None, kw_only=True)
    """Before (even) or after (odd) which write the invocation ends."""
    meanwhile: Callable[[], object] | None = field(default=None, kw_only=True)
    """What happens before the next write, once."""

    @contextmanager
    def around_write(self) -> Iterator[None]:
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        self._step()
        yield
        self._step()

    def _step(self) -> None:
        if self.crash_at is not None:
            self.crash_at -= 1
            if self.crash_at < 0:
                self.crash_at = None
                raise CrashError


@dataclass
class BreakableRealTable(BreakableTable):
    """A table of DynamoDB Local; `as_table` is what an adapter takes for it."""

    table: "Table"

    def as_table(self) -> "Table":
        real, client = self.table, self.table.meta.client
        meta = SimpleNamespace(
            client=SimpleNamespace(
                batch_get_item=client.batch_get_item, transact_write_items=self._breaking(client.transact_write_items)
            )
        )
        table = SimpleNamespace(name=real.name, get_item=real.get_item, query=real.query, meta=meta)
        table.put_item, table.update_item = self._breaking(real.put_item), self._breaking(real.update_item)
        table.batch_writer = lambda: nullcontext(SimpleNamespace(put_item=table.put_item))
        return cast("Table", table)

    @property
    def items(self) -> Mapping[Keys, Mapping[str, Any]]:
        """All items. Reading them is one page of a scan, which is enough for what a test writes."""
        page = self.table.scan(ConsistentRead=True)
        assert "LastEvaluatedKey" not in page
        return {(str(item["pk"]), str(item["sk"])): item for item in page["Items"]}

    def _breaking(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def breaking(**arguments: Any) -> Any:
            with self.around_write():
                return write(**arguments)

        return breaking
