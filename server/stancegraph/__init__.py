"""Stancegraph: from Turtle files to a validated release that answers questions over HTTP."""

__version__ = "0.1.0"
