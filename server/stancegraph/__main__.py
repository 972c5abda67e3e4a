"""``python -m stancegraph`` is the command ``stancegraph``."""

from stancegraph.cli import main

if __name__ == "__main__":
    main()
