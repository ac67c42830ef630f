"""Every result can be drawn."""

import importlib
import pkgutil

import pytest

import dynsys_gd
from dynsys_gd.plots import dispatch
from dynsys_gd.results import Result


def every_result():
    for module in pkgutil.walk_packages(dynsys_gd.__path__, "dynsys_gd."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    return sorted(
        (kind for kind in Result.__subclasses__() if kind.__module__.startswith("dynsys_gd.")),
        key=lambda kind: kind.__name__,
    )


@pytest.mark.parametrize("kind", every_result(), ids=lambda kind: kind.__name__)
def test_every_result_has_a_picture(kind):
    assert dispatch._paint.dispatch(kind) is not dispatch._paint.dispatch(object)
