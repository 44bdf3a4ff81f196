"""Every part of a TOML text is found on the line where it stands."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.toml_lines import Path, TomlError, line_at, lines_of, read
from tests.domain.register_example import REGISTER

TEXT = '''\
top = 1
"quoted key" = "a = b # no comment"
site."a.b".'c' = """
many
"quotes" here"""""
after = 2 # yes
list = [
  1, # first ]
  [2, 3], { x = [
    1], y = 2 },
]
[table]
key = 'it''s'
[table.inner]
key = '\''
]] = no
\'\''
[[many]]
a = 1
[many.sub]
b = 2
[[many.deep]]
c = 3
[[many]]
a = {}
[[many.deep]]
c = 4
'''.replace("'it''s'", "'its'")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 1),
        (("quoted key",), 2),
        (("site", "a.b", "c"), 3),
        (("after",), 6),
        (("list",), 7),
        (("list", 0), 8),
        (("list", 1), 9),
        (("list", 1, 1), 9),
        (("list", 2, "x"), 9),
        (("list", 2, "y"), 10),
        (("table",), 12),
        (("table", "key"), 13),
        (("table", "inner", "key"), 15),
        (("many",), 18),
        (("many", 0), 18),
        (("many", 0, "sub", "b"), 21),
        (("many", 0, "deep", 0, "c"), 23),
        (("many", 1), 24),
        (("many", 1, "a"), 25),
        (("many", 1, "deep", 0, "c"), 27),
    ],
)
def test_each_part_stands_where_it_stands(path: Path, line: int) -> None:
    """Headers, dotted and quoted keys, strings over several lines, lists and inline tables."""
    assert lines_of(TEXT)[path] == line


def test_what_is_not_there_has_the_line_of_what_it_would_stand_in() -> None:
    """A missing key is shown at its table, a missing table at the start of the file."""
    lines = lines_of(TEXT)
    assert line_at(lines, ("table", "missing", "deeper")) == 12
    assert line_at(lines, ("missing",)) == 1


def paths_in(value: object, path: Path = ()) -> list[Path]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path] + [found for key, one in inner for found in paths_in(one, (*path, key))]


@pytest.mark.parametrize("text", [TEXT, REGISTER, TEXT.replace("\n", "\r\n")])
def test_nothing_that_the_file_holds_goes_unfound(text: str) -> None:
    """Every path of the parsed data has a line, and no line is made up."""
    assert set(paths_in(tomllib.loads(text))) == set(lines_of(text))


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        ),
        unique_by=lambda pair: pair[0],
    )
)
def test_any_keys_and_strings_are_found_on_their_lines(pairs: list[tuple[str, str]]) -> None:
    """Whatever a key or a string holds, the n-th pair stands on the n-th line."""

    def quoted(text: str) -> str:
        return (
            '"'
            + "".join(
                f"\\U{ord(c):08X}" if c in '"\\' or c < " " or c == "\x7f" else c for c in text
            )
            + '"'
        )

    text = "".join(f"{quoted(key)} = {quoted(value)}\n" for key, value in pairs)
    data, lines = read(text)
    assert data == dict(pairs)
    assert [lines[key,] for key, _ in pairs] == list(range(1, len(pairs) + 1))


def test_a_syntax_error_never_repeats_a_value() -> None:
    """A password without quotes is a syntax error; it is not shown."""
    with pytest.raises(TomlError) as caught:
        read("[mail]\npassword = canary-hunter2\n")
    assert caught.value.line == 2
    assert "canary" not in str(caught.value)
