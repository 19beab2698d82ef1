"""Run a load on several processes: portions are dealt out so that one person's records stay in order."""

import multiprocessing
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext
from zlib import crc32

from app.config import Settings
from app.errors import Misconfigured
from app.exchange.load.item import Item, Work
from app.exchange.load.report import Report
from app.exchange.load.worker import Portion, WorkerError, serve

PORTION = 800


@dataclass(frozen=True)
class Lines:
    """Items that were read here."""

    held: Sequence[Item]

    def items(self) -> Iterator[Item]:
        """Yield the items."""
        return iter(self.held)


@dataclass
class Loading:
    """The workers of one load, and what they have reported."""

    settings: Settings
    url: str
    workers: int
    progress: Callable[[Report], None]
    report: Report = field(default_factory=Report)
    later: list[Item] = field(default_factory=list)

    def __enter__(self) -> "Loading":
        context = multiprocessing.get_context("spawn")
        self._failure: list[BaseException] = []
        self._lock = threading.Lock()
        self._queues: list[queue.Queue[Portion | None]] = [queue.Queue(maxsize=2) for _ in range(self.workers)]
        self._threads = [
            threading.Thread(target=self._feed, args=(context, mine), daemon=True) for mine in self._queues
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.finish()

    def deal(self, worker: int, work: Work, *, last: bool = False) -> None:
        """Give a portion to a worker; waits while the worker has enough. Raises what a worker failed with."""
        self._raise()
        self._queues[worker % self.workers].put(Portion(work, last=last))

    def drain(self) -> None:
        """Wait until everything dealt out is stored."""
        for mine in self._queues:
            mine.join()
        self._raise()

    def finish(self) -> None:
        """Let the workers end."""
        for mine in self._queues:
            mine.put(None)
        for thread in self._threads:
            thread.join()

    def _raise(self) -> None:
        if self._failure:
            raise self._failure[0]

    def _feed(self, context: SpawnContext, mine: "queue.Queue[Portion | None]") -> None:
        """Pass portions to one process and take its reports; after a failure, only empty the queue."""
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self.settings, self.url), daemon=True)
        process.start()
        theirs.close()
        self._take(ours)
        while True:
            portion = mine.get()
            try:
                if not self._failure:
                    ours.send(portion)
                    if portion is not None:
                        self._take(ours)
            except (EOFError, OSError) as error:
                self._failure.append(error)
            finally:
                mine.task_done()
            if portion is None:
                break
        process.join(timeout=30)

    def _take(self, pipe) -> None:
        try:
            answer = pipe.recv()
        except (EOFError, OSError) as error:
            self._failure.append(error)
            return
        if isinstance(answer, WorkerError):
            self._failure.append(
                Misconfigured.of(f"A loading process stopped: {answer}", f"Tiến trình nạp dừng: {answer}")
            )
        elif answer is not None:
            with self._lock:
                self.report += answer[0]
                self.later += answer[1]
                self.progress(self.report)


def run(
    settings: Settings,
    url: str,
    items: Iterable[Item],
    *,
    workers: int,
    progress: Callable[[Report], None] = lambda _report: None,
) -> Report:
    """Load the items and return the report. What is put off is tried again as long as that helps."""
    with Loading(settings, url, workers, progress) as loading:
        _spread(loading, items)
        waiting = 0
        while loading.later and len(loading.later) != waiting:
            waiting, again, loading.later = len(loading.later), loading.later, []
            _spread(loading, again)
        if loading.later:
            _spread(loading, loading.later, last=True)
        return loading.report


def _spread(loading: Loading, items: Iterable[Item], *, last: bool = False) -> None:
    """Deal the items out by their owner, so that one person's records stay in order."""
    held: list[list[Item]] = [[] for _ in range(loading.workers)]
    for item in items:
        worker = crc32(item.owner.encode()) % loading.workers
        held[worker].append(item)
        if len(held[worker]) >= PORTION:
            loading.deal(worker, Lines(held[worker]), last=last)
            held[worker] = []
    for worker, rest in enumerate(held):
        if rest:
            loading.deal(worker, Lines(rest), last=last)
    loading.drain()
