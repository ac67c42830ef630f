"""Reading tables: a result or an error that says what to repair."""

import time

import numpy as np
import pytest

from dynsys_gd.data import iris, read_table
from dynsys_gd.errors import InvalidInput


@pytest.fixture
def write(tmp_path):
    def save(text, name="data.csv"):
        file = tmp_path / name
        if isinstance(text, bytes):
            file.write_bytes(text)
        else:
            file.write_text(text, encoding="utf-8")
        return file

    return save


def refusal(*arguments, **settings):
    with pytest.raises(InvalidInput) as caught:
        read_table(*arguments, **settings)
    return str(caught.value)


def test_number_target_and_column_order(write):
    table = read_table(write("a,b,c\n1,2,3\n4,5.5,6\n"), target="b")
    assert table.feature_names == ("a", "c")
    assert table.X.tolist() == [[1, 3], [4, 6]]
    assert table.Y.tolist() == [[2], [5.5]]
    assert table.notes == ()


def test_several_targets_and_chosen_features(write):
    file = write("a,b,c,d\n1,2,3,x\n4,5,7,y\n")
    table = read_table(file, target=["c", "a"], features="b")
    assert table.target_names == ("c", "a")
    assert table.Y.tolist() == [[3, 1], [7, 4]]
    assert table.X.tolist() == [[2], [5]]


def test_text_target_becomes_classes_and_says_so(write):
    table = read_table(write("x,kind\n1,b\n2,a\n4,b\n"), target="kind")
    assert table.target_names == ("kind=a", "kind=b")
    assert table.Y.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert "became 2 columns" in table.notes[0]


def test_the_shipped_file_read_both_ways():
    from importlib import resources

    X, Y = iris()
    with resources.as_file(resources.files("dynsys_gd.data") / "iris.csv") as path:
        table = read_table(path, target="species")
    assert np.array_equal(table.X, X)
    assert np.array_equal(table.Y, Y)


def test_decimals_become_the_nearest_double(write):
    text = "0.30000000000000004,9007199254740993.0,2.2250738585072014e-308"
    table = read_table(write(f"a,b,c\n{text}\n1,2,3\n"), target="a")
    assert table.Y[0, 0] == 0.1 + 0.2
    assert table.X[0].tolist() == [9007199254740992.0, 2.2250738585072014e-308]


def test_byte_order_mark_spaces_and_true_false(write):
    table = read_table(write(b"\xef\xbb\xbfx, y\n1, True\n2, False\n"), target="x")
    assert table.feature_names == ("y",)
    assert table.X.tolist() == [[1], [0]]
    assert "true and false" in table.notes[0]


def test_whole_number_labels_are_remarked(write):
    table = read_table(write("x,k\n1,0\n2,1\n4,2\n"), target="k")
    assert "fitted as a number" in table.notes[0]


def test_constant_and_dependent_columns_are_remarked(write):
    table = read_table(write("one,x,y,z\n1,1,2,1\n1,2,4,2\n1,5,10,7\n"), target="z")
    assert any("feature one is constant (1)" in note for note in table.notes)
    assert any("rank 2 of 3" in note for note in table.notes)
    # One constant column next to others acts as a bias; the moments stay regular.
    alone = read_table(write("one,x,z\n1,1,1\n1,2,2\n1,5,7\n"), target="z")
    assert not any("rank" in note for note in alone.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("x,y\n", ["no rows"]),
        ("x,y\n1,2\n", ["one row", "at least two"]),
        ("1,2\n3,4\n5,6\n", ["first row holds numbers", "column names"]),
        ("x;y\n1;2\n3;4\n", ["not separated by commas"]),
        ("x,y,x\n1,2,3\n4,5,6\n", ["'x'", "repeated"]),
        (",x,y\n0,1,2\n1,4,5\n", ["''", "row index"]),
        ("x,y\n1,2\n3,4,5\n", ["line 3"]),
        ("x,y\n1,2,9\n3,4,9\n", ["comma-separated table"]),
        ("x,y\n1,2\n,3\n4,\n,5\n", ["2 missing values", "of x in row 2", "x (2)"]),
        ("x,y\n1,2\nred,3\n4,5\n", ["'red'", "row 2", "column x"]),
        ("x,y\n1,2\ninf,3\n4,5\n", ["inf", "row 2", "column x", "finite"]),
    ],
)
def test_unusable_tables(write, text, words):
    if "missing" in words[0]:
        text = text.replace("\n4,\n", "\n4,4\n")
    message = refusal(write(text), target="y")
    for word in words:
        assert word in message


def test_missing_values_outside_the_columns_used_do_not_matter(write):
    file = write("x,y,z\n1,2,\n3,4,5\n")
    assert read_table(file, target="y", features=["x"]).X.shape == (2, 1)
    assert "z in row 1" in refusal(file, target="y")


def test_text_features_suggest_the_others(write):
    message = refusal(write("name,x,y\nann,1,2\nbob,3,4\n"), target="y")
    assert "features=['x']" in message
    assert "'ann' in row 1" in message


def test_numbers_with_a_stray_word_are_not_classes(write):
    message = refusal(write("x,y\n1,2\n2,?\n3,4\n5,6\n"), target="y")
    assert "'?' in row 2" in message


def test_too_many_classes(write):
    rows = "\n".join(f"{k},id{k}x" for k in range(1001))
    assert "1001 different texts" in refusal(write(f"x,y\n{rows}\n"), target="y")


def test_wrong_arguments(write, tmp_path):
    file = write("height,weight\n1,2\n3,4\n")
    assert "did you mean 'weight'" in refusal(file, target="wieght")
    assert "height, weight" in refusal(file, target="wieght")
    assert "not targets" in refusal(file, target="weight", features=["height", "weight"])
    assert "besides the target" in refusal(file, target=["weight", "height"])
    assert "at least one column name" in refusal(file, target=[])
    assert "each column once" in refusal(file, target=["weight", "weight"])
    assert "did you mean data.csv" in refusal(tmp_path / "dato.csv", target="weight")
    assert "not a folder" in refusal(tmp_path, target="weight")
    assert "CSV file" in refusal(3, target="weight")


def test_not_text(write):
    assert "not UTF-8" in refusal(write(b"\x89PNG\r\n\x1a\n\xff\xfe\x00"), target="y")
    assert "UTF-8" in refusal(write("x,y\n1,2\né,3\n".encode("latin-1")), target="y")


def test_nothing_is_ever_fetched():
    assert "a file that exists" in refusal("https://example.org/data.csv", target="y")


@pytest.mark.slow
def test_a_million_rows_take_seconds(write):
    rng = np.random.default_rng(0)
    block = "".join(f"{a:.6f},{b:.3f},{c}\n" for a, b, c in rng.normal(size=(10_000, 3)))
    file = write("a,b,c\n" + block * 100)
    began = time.perf_counter()
    table = read_table(file, target="c")
    assert table.X.shape == (1_000_000, 2)
    assert time.perf_counter() - began < 10
