"""The standard plan: every claim, controls among them, each verdict as the theorems say."""

import pytest

from dynsys_gd import claims
from dynsys_gd.cli.checking import check
from dynsys_gd.cli.jobs import standard_jobs

JOBS = standard_jobs()
LONG = {"iris-above", "iris-below", "iris-deep-above", "iris-stability", "relu-transition"}
LONG |= {"iris-transition", "product-below", "product-above", "tanh-transition"}


def test_every_claim_is_checked_and_none_only_where_it_applies():
    assert {job.claim for job in JOBS} == set(claims.names())
    assert {job.claim for job in JOBS if job.control} == set(claims.names())
    assert {job.claim for job in JOBS if not job.control} == set(claims.names())


def test_names_are_distinct_and_fit_for_files():
    names = [job.name for job in JOBS]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() and name.islower() for name in names)


@pytest.mark.parametrize(
    "job",
    [pytest.param(j, id=j.name, marks=[pytest.mark.slow] * (j.name in LONG)) for j in JOBS],
)
def test_verdict_is_as_the_theorem_says(job):
    checked = check(job, 0)
    assert checked.failure == ""
    assert checked.as_the_theorems_say
    assert checked.verdict["status"] == ("silent" if job.control else "verified")
    endings = {picture.name.removeprefix(f"{job.name}-") for picture in checked.pictures}
    assert {"card", *(view.name for view in job.views), *job.highlights} <= endings


def test_the_printed_code_repeats_the_verdict():
    job = next(job for job in JOBS if job.name == "product-spectrum")
    found = {}
    *lines, call, arguments, end = job.code(7).rstrip().split("\n")
    exec("\n".join([*lines, f"verdict = {call}", arguments, end]), found)
    verdict = found["verdict"].to_dict()
    assert verdict["instance"]["seed"] == 7
    assert verdict == check(job, 7).verdict
