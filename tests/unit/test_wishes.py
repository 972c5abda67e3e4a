"""What a request may wish for beside its question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stancegraph.errors import BadParameter
from stancegraph.web.wishes import NAMES, read_wishes

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_wishes_are_read() -> None:
    """Each from its argument, the count from either place."""
    wishes = read_wishes({"timeout": ["2.5"], "limit": ["0"], "truncation": ["comment"]})

    assert (wishes.timeout, wishes.limit, wishes.comment) == (2.5, 0, True)
    assert (wishes.count, wishes.preferred) == (False, False)
    assert read_wishes({"count": ["exact"]}).count
    assert not read_wishes({"count": ["exact"]}).preferred


@pytest.mark.parametrize(
    "prefer", [["count=exact"], ["wait=5, COUNT = exact"], ["wait=5", 'count="exact"; x=1']]
)
def test_a_preference_for_a_count_is_understood(prefer: list[str]) -> None:
    """However it is written, and among others."""
    assert read_wishes({}, prefer).preferred


@pytest.mark.parametrize("prefer", [[], ["count=planned"], ["discount=exact"], ["wait=5"], [""]])
def test_other_preferences_are_passed_over(prefer: list[str]) -> None:
    """As RFC 7240 wants it."""
    assert not read_wishes({}, prefer).count


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("timeout", text) for text in ("", "0", "-1", "0.0", "1e3", "nan", "inf", "2s", "٣")),
        *(("limit", text) for text in ("", "-1", "1.5", "ten", "9" * 16, "٣")),
        ("truncation", "header"),
        ("count", "planned"),
    ],
)
def test_a_bad_wish_is_named(name: str, text: str) -> None:
    """With what would be right."""
    with pytest.raises(BadParameter) as caught:
        read_wishes({name: [text]})

    assert list(caught.value.problems) == [name]


def test_all_bad_wishes_are_told_at_once() -> None:
    """One that was given twice too."""
    with pytest.raises(BadParameter) as caught:
        read_wishes({"timeout": ["soon"], "limit": ["1", "2"], "count": ["exact"]})

    assert list(caught.value.problems) == ["limit", "timeout"]


@given(st.dictionaries(st.sampled_from(sorted(NAMES)), st.lists(st.text(), min_size=1)))
def test_nothing_that_is_sent_is_more_than_wrong(sent: dict[str, list[str]]) -> None:
    """Any text is either a wish or a mistake that is told."""
    problems: Mapping[str, str] = {}
    try:
        read_wishes(sent, [text for texts in sent.values() for text in texts])
    except BadParameter as error:
        problems = error.problems

    assert problems.keys() <= sent.keys()
