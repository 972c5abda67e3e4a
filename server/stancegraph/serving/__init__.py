"""The processes of a running site: which there are, and which release they serve."""

# The environment variable that tells web processes, and the library, where they count.
COUNTS = "PROMETHEUS_MULTIPROC_DIR"
