"""What a process and all that it started cost, read from /proc (Linux)."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
EVERY_S = 0.1


@dataclass(frozen=True)
class Sample:
    """All processes of a tree at one moment, those that have ended included in `cpu_s`."""

    at: float  # seconds since the epoch
    cpu_s: float
    memory_mb: float  # resident, less what is shared with other processes


class Watch:
    """Samples a process and its descendants every EVERY_S until `stop`. Raises OSError where there is no
    /proc."""

    def __init__(self, pid: int) -> None:
        self.samples: list[Sample] = []
        self._pid = pid
        self._cpu: dict[int, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def cpu_s_between(self, start: float, stop: float) -> float:
        """CPU seconds used between two moments in seconds since the epoch."""
        return self._cpu_s_at(stop) - self._cpu_s_at(start)

    @property
    def peak_mb(self) -> float:
        return max(sample.memory_mb for sample in self.samples)

    def _cpu_s_at(self, moment: float) -> float:
        before = max((s for s in self.samples if s.at <= moment), key=lambda s: s.at, default=None)
        after = min((s for s in self.samples if s.at > moment), key=lambda s: s.at, default=None)
        if before is None or after is None:
            found = before or after
            return found.cpu_s if found else 0.0
        share = (moment - before.at) / (after.at - before.at)
        return before.cpu_s + share * (after.cpu_s - before.cpu_s)

    def _watch(self) -> None:
        while not self._stopped.wait(EVERY_S):
            memory = 0.0
            for pid in tree(self._pid):
                try:
                    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                    pages = Path(f"/proc/{pid}/statm").read_text().split()
                except OSError:
                    continue  # it ended between two looks
                self._cpu[pid] = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
                memory += (int(pages[1]) - int(pages[2])) * PAGE_MB
            self.samples.append(Sample(time.time(), sum(self._cpu.values()), memory))


def tree(root: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found
