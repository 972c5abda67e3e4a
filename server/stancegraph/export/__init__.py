"""Files that a researcher takes away: RDF, tables, networks, and the codebook to them.

What there is to take away is declared in the headers of saved queries (`declared`); how it is
narrowed is the same for all (`narrowing`). Nothing here knows what the graph is about.
"""
