"""Two texts side by side."""

from newsletter.desk.comparing import MOST_LINES, Sort, compare


def test_the_same_text_has_no_difference() -> None:
    assert compare("一\n二\n", "一\n二\n").is_same


def test_a_changed_line_shows_which_words_changed() -> None:
    (row,) = compare("参数七十亿。", "参数八十亿。").rows

    assert row.sort is Sort.CHANGED
    assert row.left_pieces == (("参数", False), ("七", True), ("十亿。", False))
    assert row.right_pieces == (("参数", False), ("八", True), ("十亿。", False))


def test_lines_that_came_and_went_have_one_side() -> None:
    rows = compare("a\nb\nc", "a\nc\nd").rows

    assert [(row.sort, row.left, row.right) for row in rows] == [
        (Sort.SAME, 1, 1),
        (Sort.REMOVED, 2, None),
        (Sort.SAME, 3, 2),
        (Sort.ADDED, None, 3),
    ]


def test_what_is_the_same_for_long_is_folded() -> None:
    lines = [f"第{n}行" for n in range(100)]
    changed = [*lines]
    changed[50] = "别的"

    rows = compare("\n".join(lines), "\n".join(changed)).rows

    assert [row.sort for row in rows] == [
        Sort.FOLDED,
        *[Sort.SAME] * 3,
        Sort.CHANGED,
        *[Sort.SAME] * 3,
        Sort.FOLDED,
    ]
    assert [row.folded for row in rows if row.folded] == [47, 46]


def test_every_line_of_both_sides_is_there_once() -> None:
    left = "\n".join(f"{n % 7}" for n in range(60))
    right = "\n".join(f"{n % 5}" for n in range(50))

    rows = compare(left, right).rows

    assert sum(row.folded or (row.left is not None) for row in rows) == 60
    assert sum(row.folded or (row.right is not None) for row in rows) == 50


def test_a_text_without_end_is_compared_as_far_as_that_goes() -> None:
    found = compare("a\n" * (MOST_LINES + 5), "a\n" * (MOST_LINES + 5))

    assert found.is_cut
    assert not found.is_same
