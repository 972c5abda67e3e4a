"""What all web processes need, imported once in the process from which they are forked."""

import gc
import signal
from contextlib import suppress

from stancegraph.orphans import end_with_parent

# Else it would live as long as those forked from it, which are to end with it.
end_with_parent(signal.SIGTERM)
with suppress(FileNotFoundError):  # of a site that was ended meanwhile, and its counts
    import stancegraph.serving.process  # noqa: F401 (for those that are forked)

# What lies here is shared as long as nobody writes to it, which a collection would.
gc.collect()
gc.freeze()
