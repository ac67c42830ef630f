"""The squared length of a row has the same bits in whatever company it is computed."""

import numpy as np
import pytest

from dynsys_gd.engine.window import squared_norm


@pytest.mark.parametrize("dimension", [1, 2, 9, 400])
def test_a_row_is_summed_alike_however_many_rows_there_are(dimension):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, dimension)) * np.exp(5 * rng.normal(size=(60, dimension)))
    together = squared_norm(np.asfortranarray(rows))
    assert np.array_equal(together, squared_norm(rows))
    for size in (1, 2, 7, 16, 17):
        alone = squared_norm(np.asfortranarray(rows[:size]))
        assert np.array_equal(alone, together[:size])
        assert np.array_equal(squared_norm(rows[:size]), together[:size])
    assert np.allclose(together, (rows**2).sum(axis=1), rtol=1e-12)


def test_overflow_and_no_rows():
    with np.errstate(over="ignore"):
        assert squared_norm(np.asfortranarray([[1e200, 0.0]])).tolist() == [np.inf]
    assert squared_norm(np.asfortranarray(np.empty((0, 3)))).shape == (0,)
