"""Every entry of the bibliography becomes a line that a reader can use."""

import pytest

from dynsys_gd.claims.literature import reference, short_reference
from dynsys_gd.results import bibliography


def test_the_main_paper_reads_as_printed():
    entry = bibliography()["craciun2024convergence"]
    assert reference(entry) == (
        "Crăciun, Alexandru and Ghoshdastidar, Debarghya: On the Convergence of Gradient Descent "
        "for Large Learning Rates. arXiv:2402.13108, 2024."
    )
    assert short_reference(entry) == "Crăciun and Ghoshdastidar 2024 (arXiv:2402.13108)"


@pytest.mark.parametrize("key", sorted(bibliography()))
def test_no_entry_keeps_its_markup(key):
    entry = bibliography()[key]
    for line in (reference(entry), short_reference(entry)):
        assert not set(line) & set("{}\\@=")
    author, _, rest = reference(entry).partition(": ")
    assert author
    assert len(rest) > 10
    assert short_reference(entry).split()[-1].strip("()").removeprefix("arXiv:")[-1].isdigit()


def test_accents_are_letters():
    entry = (
        "@article{k,\n  author = {M{\\\"u}ller, A. and \\'Alvarez, B. and {\\v{C}}ech, C.},\n"
        "  title = {On $x$},\n  journal = {J.},\n  year = {1999}\n}"
    )
    assert reference(entry) == "Müller, A. and Álvarez, B. and Čech, C.: On $x$. J., 1999."
    assert short_reference(entry) == "Müller and others 1999"
