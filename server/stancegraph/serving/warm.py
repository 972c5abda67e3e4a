"""What all web processes need, imported once in the process from which they are forked."""

import gc
from contextlib import suppress

with suppress(FileNotFoundError):  # of a site that was ended meanwhile, and its counts
    import stancegraph.web.process  # noqa: F401 (for those that are forked)

# What lies here is shared as long as nobody writes to it, which a collection would.
gc.collect()
gc.freeze()
