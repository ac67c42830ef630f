"""Fixed pieces, results in order, children of one seed, and a clean stop."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from dynsys_gd.engine.chunks import chunk_rows, map_ordered, row_slices, spawned


@pytest.mark.parametrize(("n", "size"), [(1, 1), (10, 3), (9, 3), (5, 100)])
def test_slices_cover_every_row_once(n, size):
    rows = np.concatenate([np.arange(n)[piece] for piece in row_slices(n, size)])
    np.testing.assert_array_equal(rows, np.arange(n))


def test_no_rows_no_slices():
    assert row_slices(0, 10) == []


def test_chunks_shrink_with_the_dimension_but_not_below_a_floor():
    sizes = [chunk_rows(d) for d in (1, 2, 5, 20, 10_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == chunk_rows(50_000) > 0


def test_children_depend_on_the_seed_and_the_place_only():
    few, many = spawned(7, 2), spawned(7, 9)
    assert [g.random() for g in few] == [g.random() for g in many[:2]]
    assert spawned(8, 1)[0].random() != spawned(7, 1)[0].random()
    assert len({g.random() for g in spawned(7, 50)}) == 50


def test_answers_come_in_order_with_and_without_workers():
    tasks = list(range(30))
    seen = []
    plain = map_ordered(lambda k: k * k, tasks, on_answer=seen.append)
    assert plain == seen == [k * k for k in tasks]
    with ThreadPoolExecutor(4) as pool:
        seen.clear()
        assert map_ordered(lambda k: k * k, tasks, executor=pool, on_answer=seen.append) == plain
        assert seen == plain


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interruption_cancels_what_has_not_started(error):
    started, interrupted = [], Event()

    def work(task):
        started.append(task)
        assert task == 0 or interrupted.wait(30)

    def stop(_):
        raise error

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(error):
            map_ordered(work, list(range(100)), executor=pool, on_answer=stop)
        interrupted.set()
        assert pool.submit(len, "still usable").result() == 12
    assert len(started) <= 2  # the first task, and the one that had begun


def test_an_error_in_a_task_reaches_the_caller():
    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError):
        map_ordered(lambda k: 1 // k, [1, 0, 2], executor=pool)
