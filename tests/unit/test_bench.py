"""What the benchmarks do with figures and answers; nothing is timed here."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from bench import answers, pages, report, scale
from bench.client import Client, Reply, request
from bench.load import Window
from bench.measure import Result
from bench.mix import Zipf
from bench.questions import EXPORTS, KINDS, TABLE, TRIPLES, Question
from bench.records import Measured, Records

if TYPE_CHECKING:
    from pathlib import Path

XSD = "http://www.w3.org/2001/XMLSchema#"


def reply(body: str, status: int = 200) -> Reply:
    return Reply(status, b"", body.encode(), 0.0, 0.0)


def rows(*values: dict[str, object]) -> Reply:
    found = {"head": {"vars": ["x"]}, "results": {"bindings": [{"x": value} for value in values]}}
    return reply(json.dumps(found))


def literal(value: str, datatype: str = "string") -> dict[str, object]:
    return {"type": "literal", "value": value, "datatype": XSD + datatype}


def difference(ours: Reply, theirs: Reply, accept: str = TABLE) -> str:
    question = Question("any", "", accept)
    return answers.difference(answers.read(question, ours), answers.read(question, theirs))


def test_rows_are_alike_in_any_order_but_not_in_any_number() -> None:
    one, other = literal("one"), literal("other")

    assert difference(rows(one, other), rows(other, one)) == ""
    assert difference(rows(one), rows(one, one)) == "the same rows, not as often"
    assert difference(rows(one), rows(other)) == "1 of 1 rows are not there, 1 others are"


def test_a_plain_literal_is_a_string_and_labels_of_blank_nodes_do_not_count() -> None:
    plain: dict[str, object] = {"type": "literal", "value": "one"}
    blank: dict[str, object] = {"type": "bnode", "value": "a"}
    other: dict[str, object] = {"type": "bnode", "value": "b"}

    assert difference(rows(literal("one")), rows(plain)) == ""
    assert difference(rows(blank), rows(other)) == ""


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        (literal("1.50", "decimal"), literal("1.5", "decimal"), "numbers are written otherwise"),
        (literal("2", "integer"), literal("2.0", "decimal"), "numbers have another type"),
        (literal("2012", "gYear"), literal("2012"), "literals have another type"),
        (literal("2012-01-01", "date"), literal("2012-01-01Z"), "literals have another type"),
    ],
)  # fmt: skip
def test_what_differs_in_one_way_alone_is_called_so(
    ours: dict[str, object], theirs: dict[str, object], told: str
) -> None:
    assert difference(rows(ours), rows(theirs)) == told


def test_truth_values_are_read_as_virtuoso_writes_them_too() -> None:
    ours = reply('{"head": {}, "boolean": true}')
    virtuoso = {
        "head": {"vars": ["__ASK_RETVAL"]},
        "results": {"bindings": [{"__ASK_RETVAL": {"type": "literal", "value": "1"}}]},
    }
    virtuoso_no = {**virtuoso, "results": {"bindings": []}}

    assert difference(ours, reply(json.dumps(virtuoso))) == ""
    assert difference(ours, reply(json.dumps(virtuoso_no))) != ""


def test_triples_are_compared_as_a_set() -> None:
    ours = reply("<urn:a> <urn:b> <urn:c> , <urn:d> .")
    theirs = reply("<urn:a> <urn:b> <urn:d> . <urn:a> <urn:b> <urn:c> , <urn:c> .")

    assert difference(ours, theirs, TRIPLES) == ""


def test_an_error_is_told_with_its_status() -> None:
    assert difference(rows(), reply("no", 500)) == "error: 500: no"
    assert difference(rows(), reply("{")).startswith("error: unreadable")


def test_the_second_most_popular_is_drawn_half_as_often_as_the_first() -> None:
    random = Random(1)  # noqa: S311
    zipf = Zipf(range(50), random)

    (_, first), (_, second), *_ = Counter(zipf.draw(random) for _ in range(50_000)).most_common()

    assert first / second == pytest.approx(2, rel=0.1)


def test_a_long_query_goes_by_post_and_a_short_one_by_get() -> None:
    short = request("http://127.0.0.1:1/sparql", Question("any", "ASK { }"))
    long = request("http://127.0.0.1:1/sparql", Question("any", "ASK { }" + " " * 9000))

    assert short.startswith(b"GET /sparql?query=ASK%20%7B%20%7D HTTP/1.1\r\n")
    assert long.startswith(b"POST /sparql HTTP/1.1\r\n")


def test_the_client_reads_answers_with_a_length_and_in_chunks() -> None:
    """Both over one connection; an answer that breaks off is none."""
    said = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    ]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                for answer in said:
                    connection.recv(1000)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with Client(f"http://127.0.0.1:{listening.getsockname()[1]}/") as client:
            found = [client.ask(b"GET / HTTP/1.1\r\n\r\n", timeout=5) for _ in said]
        thread.join()

    assert [one.body for one in found[:2]] == [b"one", b"two"]
    assert (found[2].status, found[2].ok) == (0, False)


def result(key: str, milliseconds: float, answers_a_second: int) -> Result:
    """What one server would have, the same for all kinds."""
    windows = [Window(count, answers_a_second, 0, 1.0, 0.5, 1.0, 2.0, 100) for count in (1, 8, 32)]
    return Result(
        key, key, "1", "as it is", ready=[0.5], memory={"loaded": 100.0, "at the end": 200.0},
        cold={kind: [milliseconds] for kind in KINDS}, cold_windows=windows, mix_windows=windows,
        compared={"lookup": 4}, deviations={"lookup": {"numbers are written otherwise": 1}},
    )  # fmt: skip


def records(*results: Result) -> Records:
    graph = Measured("shipped", "shipped graph", 1000, 1 << 20, 5.0, 2000, {}, results)
    return Records("2026-01-01", "abc", "a machine", "3.11", 3, 3, 60.0, (graph,))


def test_the_page_tells_which_bars_are_reached_and_by_how_much(tmp_path: Path) -> None:
    report.write(
        records(result("ours", 1.0, 600), result("oxigraph-disk", 0.5, 100)), tmp_path
    )  # fmt: skip

    page = (tmp_path / report.PAGE).read_text("utf-8")
    assert (
        "| shipped graph | realistic mix, 8 connections: 5 times the best peer"
        " | 6.00 times oxigraph-disk | yes |"
    ) in page
    assert (
        "| shipped graph | cold queries, geometric mean over kinds: level with oxigraph-disk"
        " | 0.500 times as fast | **no** |"
    ) in page
    assert "| lookup | 1.00 | 0.500 | 0.500 |" in page
    assert "| oxigraph-disk | lookup | numbers are written otherwise |" in page
    assert "$" not in page


def test_what_a_run_found_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = records(result("ours", 1.0, 600), result("virtuoso", 2.0, 50))

    found.write(tmp_path / "found.json")

    assert Records.read(tmp_path / "found.json") == found


def test_a_server_that_could_not_take_the_graph_is_told_and_left_out(tmp_path: Path) -> None:
    failed = Result("virtuoso", "Virtuoso", "7", "as it is", failure="no space")

    report.write(records(result("ours", 1.0, 600), failed), tmp_path)

    page = (tmp_path / report.PAGE).read_text("utf-8")
    assert "Virtuoso could not take it: no space." in page
    assert "| Virtuoso | 0 |" not in page


def test_an_export_is_never_the_same_query_twice() -> None:
    texts = [make(number).text for make in EXPORTS.values() for number in range(3)]

    assert len(set(texts)) == len(texts)


def test_the_page_warns_where_the_machine_had_other_work(tmp_path: Path) -> None:
    quiet = records(result("ours", 1.0, 600), result("virtuoso", 2.0, 50))

    for name in ("quiet.d", "busy.d"):
        (tmp_path / name).mkdir()
    report.write(replace(quiet, busy=0.1), tmp_path / "quiet.d")
    report.write(replace(quiet, busy=9.0), tmp_path / "busy.d")

    assert "not idle" not in (tmp_path / "quiet.d" / report.PAGE).read_text("utf-8")
    assert "9.0 processes" in (tmp_path / "busy.d" / report.PAGE).read_text("utf-8")


def test_a_page_is_told_by_its_median_and_its_late_requests() -> None:
    """Of twenty requests, p95 is the last but one."""
    seconds = tuple(number / 1000 for number in range(20, 0, -1))

    told = pages.Measured("home", seconds, size=120_400, squeezed=38_000, scripts=1_900)

    assert told.row == "| home | 10 | 19 | 120 | 38 | 2 |"


def test_growth_is_the_exponent_from_the_smallest_size_to_the_largest() -> None:
    """Linear is 1, flat 0; what one size alone has, and what is next to nothing, has none."""
    assert scale.growth({1_000: 2.0, 10_000: 5.0, 100_000: 200.0}) == "1.00"
    assert scale.growth({1_000: 2.0, 100_000: 2.0}) == "0.00"
    assert scale.growth({1_000: 2.0}) == "-"
    assert scale.growth({1_000: 0.0, 100_000: 2.0}) == "-"


def test_the_page_on_scale_tells_what_stopped_a_size() -> None:
    """Beside the figures of those that were measured whole."""
    told = {"machine": "m", "python": "3", "revision": "r", "day": "2026-11-22", "busy": 0.1}
    small = scale.Measured(
        "1M", 1_000_000, {"generate": 2.0, "parse": 4.0}, {"build": 500.0}, (10, 10**6),
        start=1.0, served={"loaded": 300.0}, cold={"lookup": 1.0}, mix=40.0,
        exports={"all": (2.0, 10**8)},
    )  # fmt: skip
    large = scale.Measured("100M", 10**8, {"generate": 200.0}, stopped="too large for this machine")

    page = scale.page(told, [small, large])

    assert "| generate, s | 2 | 200 | 1.00 |" in page
    assert "| **build, s** | 4 | - | - |" in page
    assert "| lookup, ms | 1 | - |" in page
    assert "| all, MB/s | 50 |  |" in page
    assert page.endswith("100M: too large for this machine.\n")
    assert "busy with other things" not in page
