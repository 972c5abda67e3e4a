"""From Turtle files to a release: parse, validate, derive, describe, release."""
