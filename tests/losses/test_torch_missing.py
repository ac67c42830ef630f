"""Without PyTorch the adapter says what to install, and nothing loads it before."""

import subprocess
import sys

import pytest

import dynsys_gd as dg


def test_without_pytorch_the_install_line_is_given(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(dg.MissingExtra, match=r'pip install "dynsys_gd\[torch\]"'):
        dg.from_torch(None, None, None)


def test_importing_the_package_does_not_load_pytorch():
    code = "import sys, dynsys_gd; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
