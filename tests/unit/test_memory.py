"""That memory which is free goes back to the system."""

import subprocess
import sys

import pytest

from stancegraph import memory

# Holes in a heap, with something in use behind them; what it takes before and after, in KiB.
PROGRAM = """
import re
from stancegraph import memory

def taken():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmRSS:\\s+(\\d+)", status.read())[1])

held = [bytearray(2000) for _ in range(100_000)]
del held[:-1]
before = taken()
memory.give_back()
print(before - taken())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_free_is_given_back() -> None:
    if memory._glibc() is None:
        pytest.skip("only glibc can be told to")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert int(done.stdout) > 100_000


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    memory.share_heaps()
    memory.give_back()
