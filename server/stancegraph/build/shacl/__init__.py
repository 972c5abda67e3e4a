"""SHACL: what shapes say, two engines that evaluate them, and the one report that both give."""
