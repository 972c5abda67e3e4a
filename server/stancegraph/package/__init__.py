"""The research package of a release: everything that outlives the server, in one folder.

It is a BagIt bag whose payload, ``data/``, holds all exports, the graph as files that can be
built again, the saved queries with their results, reports, and a mirror of the pages; beside
them what archives, search engines and people read to learn what it is. All of it follows from
the release, so that the same release gives the same bytes.
"""
