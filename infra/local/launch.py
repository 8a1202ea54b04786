"""Starts many parts at once, each as soon as what it needs is ready, and shows what is going on."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from rich.console import Console

from infra.local.server import Server
from infra.progress import Part as Shown
from infra.progress import Progress

type Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do once between the starts of servers; it gets the facts found so far and returns its own."""

    name: str
    run: Callable[[Facts], Facts]
    needs: Sequence[str] = ()
    doing: str = "setting up"
    usual_seconds: float = 3.0


type Part = Server | Step


def launch(parts: Sequence[Part], console: Console) -> Facts:
    """Start every part, in parallel where needs allow. Returns what all steps found.

    Refuses taken ports before anything starts. On the first failure or an interruption, stops every server that it
    has started and raises that failure.
    """
    servers = [part for part in parts if isinstance(part, Server)]
    for server in servers:
        server.refuse_taken_ports()
    progress = Progress([_shown(part) for part in parts], console.file)
    try:
        with progress.shown(), ThreadPoolExecutor(max_workers=len(parts)) as pool:
            try:
                return _run(parts, pool, progress)
            except BaseException:
                stop(servers)  # this also ends the waiting of those that are still starting
                raise
    except BaseException:
        stop(servers)  # those that a thread was about to start when the others were stopped
        raise


def stop(servers: Sequence[Server]) -> list[str]:
    """Stop every server that we started, all at once; the names of those that were running."""
    with ThreadPoolExecutor(max_workers=len(servers) or 1) as pool:
        stopped = list(pool.map(Server.stop, servers))
    return [server.name for server, was_running in zip(servers, stopped, strict=True) if was_running]


def _shown(part: Part) -> Shown:
    if isinstance(part, Step):
        return Shown(part.name, part.doing, part.usual_seconds, part.needs)
    return Shown(part.name, "starting", part.usual_seconds, part.needs, part.log)


def _run(parts: Sequence[Part], pool: ThreadPoolExecutor, progress: Progress) -> Facts:
    facts: dict[str, str] = {}
    waiting = list(parts)
    done: set[str] = set()
    running: dict[Future[Facts], str] = {}
    while waiting or running:
        for part in [part for part in waiting if done.issuperset(part.needs)]:
            waiting.remove(part)
            progress.begin(part.name)
            running[pool.submit(_start, part, dict(facts))] = part.name
        if not running:
            raise ValueError(f"no part is named that {', '.join(part.name for part in waiting)} needs")
        for ended in wait(running, return_when=FIRST_COMPLETED).done:
            name = running.pop(ended)
            progress.end(name, failed=ended.exception() is not None)
            facts |= ended.result()
            done.add(name)
    return facts


def _start(part: Part, facts: Facts) -> Facts:
    if isinstance(part, Step):
        return part.run(facts)
    part.start()
    return {}
