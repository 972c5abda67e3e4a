"""The engine elsewhere: any SPARQL 1.1 server, or several that hold the same, asked over HTTP.

A release is put there by ``stancegraph push``, in graphs of its own (`layout`), and with it the
small files that a front end reads. So a front end needs nothing but an address: `holdings`
asks which release is the current one and fetches its files into a folder of releases, where
``engine.json`` stands in the place of the quads and tells where to ask.

Whoever opens such a release gets the same supervisor and workers as for one on disk; but a
worker has no store, it asks (`source`). A query is read by a worker first, so that a mistake
is told in the same words, and nothing reaches the engine that is not a SPARQL 1.1 query; a
worker that is ended at a deadline, or since its asker hung up, takes its connection with it;
and rows come back as SPARQL JSON, which a worker reads to its end and writes anew, so that all
formats are alike and half an answer is never taken for a whole one.
"""
