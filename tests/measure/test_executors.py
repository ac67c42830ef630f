"""Threads, processes and a Dask cluster, whole or losing a worker: one and the same estimate."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest
from sympy.abc import x, y

import dynsys_gd as dg

F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
SQUARE = dg.Box([-3, -3], [3, 3])
METHOD = dg.MonteCarlo(n=150_000)


def measured(**how):
    return dg.convergent_measure(F, SQUARE, method=METHOD, rng=1, **how)


@pytest.fixture(scope="module")
def alone():
    return measured().to_dict()


def test_threads_with_a_file(alone, tmp_path):
    with ThreadPoolExecutor(3) as threads:
        assert measured(executor=threads, checkpoint=tmp_path / "file").to_dict() == alone
    assert measured(checkpoint=tmp_path / "file").to_dict() == alone


def test_a_pool_that_loses_a_process_says_so_and_the_file_keeps_what_is_done(alone, tmp_path):
    path, told = tmp_path / "file", []

    def kill_one(done, total):
        told.append(done)
        if len(told) == 3:
            os.kill(next(iter(pool._processes)), signal.SIGKILL)

    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    with pool, pytest.raises(dg.WorkersLost, match="BrokenProcessPool"):
        measured(executor=pool, progress=kill_one, checkpoint=path)
    assert path.read_bytes().count(b"\n") >= 2 + 3  # two lines come before the answers
    # Whoever computed the first answers, anybody goes on.
    assert measured(checkpoint=path).to_dict() == alone


DASK = """
import json, os, signal, sys
from distributed import Client, LocalCluster
import dynsys_gd as dg
from sympy.abc import x, y

def main(n, path):
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    killed = []
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        workers = client.run(os.getpid)

        def told(done, total):
            if not killed and done > total / 3:
                killed.extend(workers.popitem())
                os.kill(killed[1], signal.SIGKILL)

        m = dg.convergent_measure(
            F, dg.Box([-3, -3], [3, 3]), method=dg.MonteCarlo(n=n), rng=1,
            executor=client.get_executor(), progress=told, checkpoint=path,
        )
    assert killed, "no worker was killed"
    print(json.dumps(m.to_dict()))

if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
"""


def test_a_dask_cluster_of_two_processes_of_which_one_is_killed(alone, tmp_path):
    pytest.importorskip("distributed")
    script = tmp_path / "on_dask.py"
    script.write_text(DASK, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, script, str(METHOD.n), tmp_path / "file"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == json.loads(json.dumps(alone))
    assert measured(checkpoint=tmp_path / "file").to_dict() == alone


class Communicator:
    """What is used of `mpi4py.futures.MPIPoolExecutor`; answers are made when they are fetched."""

    def submit(self, function, /, *args, **kwargs):
        return Sent(function, args)


class Sent:
    def __init__(self, function, args):
        self.made = lambda: function(*args)

    def result(self, timeout=None):
        return self.made()

    def cancel(self):
        return True


def test_any_object_that_can_submit_will_do(alone):
    assert measured(executor=Communicator()).to_dict() == alone
