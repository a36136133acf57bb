"""CPU seconds of this process and the programs that it starts: another user of the machine takes none of them."""

import resource
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Work:
    """`run(count)` does it `count` times; `prepare(count)` gets ready for that outside the measured time."""

    name: str
    run: Callable[[int], object]
    count: int
    prepare: Callable[[int], object] = lambda _count: None
    seconds: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """CPU seconds of one, the median of the rounds."""
        return statistics.median(self.seconds)

    def round(self) -> None:
        self.prepare(self.count)
        began = _cpu()
        self.run(self.count)
        self.seconds.append((_cpu() - began) / self.count)


def measure(works: Iterable[Work], rounds: int) -> None:
    """Interleaved: a slow minute of the machine meets all of them. The first round only warms up."""
    works = list(works)
    for number in range(rounds + 1):
        for work in works:
            work.round()
            if number == 0:
                work.seconds.clear()


def resident_mib() -> float:
    """Of this process now, in MiB (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
