"""``python -m dynsys_gd.cli`` is ``dynsys-gd``."""

from .main import main

if __name__ == "__main__":
    main(prog_name="dynsys-gd")
