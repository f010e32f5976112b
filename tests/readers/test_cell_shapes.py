"""Cells by their shape: the same cells as by a look at each, or none where only such a look can tell."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.readers.cell_shapes import cells_of
from sync.readers.sheet_scan import TYPED_CELL

ROWS = st.integers(10_000, 999_999) | st.sampled_from([0, 7, 9_999, 100_000, 1_000_000, 1_048_576])
ATTRIBUTES = st.lists(
    st.sampled_from([' s="1"', ' s="23"', ' t="s"', ' t="n"', ' t="e"', ' t="inlineStr"']), max_size=2
)
ENDS = st.sampled_from(["/>", "><v>1.5</v></c>", "><v>100000</v></c>", "><v>-2E-05</v></c>", "><is><t>c</t></is></c>"])
PLAIN = st.builds(
    lambda row, column, attributes, end: f'<row r="{row}"><c r="{column}{row}"{"".join(attributes)}{end}</row>',
    ROWS,
    st.sampled_from(["A", "Z", "AB", "XFD"]),
    ATTRIBUTES,
    ENDS,
)
ODD = st.sampled_from([
    "<c/>", "<c r='A10000'/>", '<c  r="A10000"/>', '<c r="a10000"/>', '<c r="A00000"/>', '<c r="A10000" x="1"/>',
    "<c><v>1</v></c>", "<row>", '<row r="10000000">', "<x:c r='A1'/>",
    '<c\nr="A10000"/>', "</row>", "<cols>", "<color/>",
])  # fmt: skip


def is_plain(cell):
    """Whether it is told by shape: from row 10,000 to the last with six digits, up to column ZZ."""
    return all(f'r="{name}"' not in cell for name in ("0", "7", "9999", "1000000", "1048576")) and "XFD" not in cell


@settings(deadline=None)
@given(cells=st.lists(PLAIN, max_size=12))
def test_the_cells_told_by_shape_are_those_that_a_look_at_each_tells(cells):
    xml = "".join(cells).encode()

    found = cells_of(xml)

    if found is not None:
        assert found.count == len(cells)
        assert {(column, attributes) for column, attributes in found.typed} == {
            (column, attributes.replace(b"1", b"0").replace(b"23", b"00"))
            for column, attributes in TYPED_CELL.findall(xml)
        }
    assert (found is not None) == (all(map(is_plain, cells)) and b'00000"' not in xml)


@given(cells=st.lists(PLAIN, max_size=3), odd=ODD)
def test_another_spelling_is_never_told_by_shape(cells, odd):
    found = cells_of("".join([*cells, odd, *cells]).encode())

    assert found is None or odd in ("</row>", "<cols>", "<color/>")


def test_a_sheet_with_its_texts_inside_has_too_many_shapes():
    cells = (f'<c r="A{row}" t="str"><v>{"x" * (row - 10_000)}</v></c>' for row in range(10_000, 12_500))

    assert cells_of("".join(cells).encode()) is None
