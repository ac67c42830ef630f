"""Answers in order from whoever computes them, and none of them computed a second time."""

from concurrent.futures import BrokenExecutor, CancelledError, Future, ThreadPoolExecutor
from itertools import count

import pytest

from dynsys_gd import WorkersLost
from dynsys_gd.engine.chunks import computed
from dynsys_gd.engine.journal.checkpoint import Run, opened
from dynsys_gd.engine.work import Work

RUN = Run(name="test", arguments={"n": 1}, seed=0, seed_given=True)
seen = []


def square(k):
    seen.append(k)
    return k * k


def negative(k):
    seen.append(-k)
    return -k


class FakePool:
    """What is used of an executor, such as `mpi4py.futures.MPIPoolExecutor`: submit and futures."""

    def __init__(self, fail_at=None, error=None):
        self.submitted, self.open, self.most_open = 0, 0, 0
        self.fail_at, self.error = fail_at, error

    def submit(self, function, /, *args):
        self.submitted += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        future = LazyFuture(self, function, args)
        if self.submitted == self.fail_at:
            future.error = self.error
        return future


class LazyFuture(Future):
    error = None

    def __init__(self, pool, function, args):
        super().__init__()
        self.pool, self.function, self.args = pool, function, args

    def result(self, timeout=None):
        self.pool.open -= 1
        if self.error is not None:
            raise self.error
        return self.function(*self.args)


@pytest.fixture(autouse=True)
def _forget():
    seen.clear()


def a_course(work):
    """Two lists taken alternately, the first one not to its end, then one that depends on them."""
    squares, negatives = work.answers(square, count()), work.answers(negative, range(3))
    found = [next(squares), next(negatives), next(squares), next(negatives), next(squares)]
    squares.close()
    found += list(negatives)
    return found + list(work.answers(square, range(found[4], found[4] + 3)))


@pytest.mark.parametrize("pool", [None, FakePool])
def test_a_run_stopped_after_any_answer_goes_on_from_there(tmp_path, pool):
    def work(journal):
        return Work(executor=pool() if pool else None, journal=journal)

    want = a_course(Work())
    assert want == [0, 0, 1, -1, 4, -2, 16, 25, 36]
    for stop in range(1, len(want) + 1):
        path = tmp_path / f"{stop}.checkpoint"
        with opened(path, RUN) as journal:
            stopped = Stopping(work(journal), stop)
            with pytest.raises(KeyboardInterrupt):
                a_course(stopped)
        seen.clear()
        with opened(path, RUN) as journal:
            assert a_course(work(journal)) == want
        assert len(seen) == len(want) - stop


class Stopping:
    """Work that is interrupted after so many answers."""

    def __init__(self, work, after):
        self.work, self.left = work, after

    def answers(self, function, tasks):
        for answer in self.work.answers(function, tasks):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
            yield answer


def test_endless_tasks_are_taken_as_far_as_needed():
    pool = FakePool()
    answers = Work(executor=pool).answers(square, count())
    assert [next(answers) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert pool.most_open <= 256
    answers.close()
    assert pool.submitted < 300


def test_only_what_is_missing_is_submitted(tmp_path):
    for begin in (0, 4):
        pool = FakePool()
        with opened(tmp_path / "file", RUN) as journal:
            found = list(Work(executor=pool, journal=journal).answers(square, range(begin + 4)))
        assert found == [k * k for k in range(begin + 4)]
        assert pool.submitted == 4


@pytest.mark.parametrize("error", [BrokenExecutor("a process died"), CancelledError()])
def test_an_executor_that_breaks_says_so_and_loses_nothing(tmp_path, error):
    with opened(tmp_path / "file", RUN) as journal:
        work = Work(executor=FakePool(fail_at=4, error=error), journal=journal)
        with pytest.raises(WorkersLost, match=type(error).__name__):
            list(work.answers(square, range(6)))
    seen.clear()
    with opened(tmp_path / "file", RUN) as journal:
        assert list(Work(journal=journal).answers(square, range(6))) == [0, 1, 4, 9, 16, 25]
    assert seen == [3, 4, 5]


def test_an_executor_that_was_shut_down_says_so():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(WorkersLost, match="shutdown"):
        list(computed(square, iter([1]), pool))


def test_an_error_of_the_task_is_not_one_of_the_executor():
    pool = FakePool(fail_at=1, error=RuntimeError("of the task"))
    with pytest.raises(RuntimeError, match="of the task") as error:
        list(computed(square, iter([1]), pool))
    assert not isinstance(error.value, WorkersLost)


def test_who_wants_to_know_is_told():
    told = []
    Work(progress=lambda done, total: told.append((done, total))).tell(3, None)
    Work().tell(3, None)
    assert told == [(3, None)]
