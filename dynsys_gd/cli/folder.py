"""The report folder: which files belong to a report, and which are never touched."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidInput

__all__ = ["MADE_BY", "ReportFolder", "refused_folder", "write_file"]

MADE_BY = "dynsys-gd verify"
_MANIFEST = "verdicts.json"
_OURS = re.compile(r"index\.html|verdicts\.json|figures/[a-z0-9][a-z0-9-]*\.(png|svg)")


@dataclass(frozen=True)
class ReportFolder:
    """A folder that holds one report and nothing of anybody else's.

    A folder that does not exist is made, an empty one is used, and one that holds an earlier
    report (its ``verdicts.json`` lists the files) has exactly the files of that report replaced.
    A folder with other content and no report is refused, and so is any single file that would be
    overwritten without being in the list.

    Parameters
    ----------
    path : Path
    """

    path: Path

    def prepare(self) -> None:
        """Make the folder ready for a new report, or raise `InvalidInput` with nothing changed."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            earlier = self._earlier_report()
            self._refuse_foreign_files(earlier)
            for name in earlier:
                (self.path / name).unlink(missing_ok=True)
            (self.path / "figures").mkdir(exist_ok=True)
        except OSError as error:
            raise refused_folder("--out", self.path, error) from None
        # A run that is killed early leaves a folder that the next run still knows as its own.
        self.write(_MANIFEST, json.dumps({"made_by": MADE_BY, "files": [_MANIFEST]}))

    def write(self, name: str, content: str | bytes) -> None:
        """Write one file of the report; `name` is relative to the folder."""
        write_file(self.path / name, content, folder=self.path, flag="--out")

    def _earlier_report(self) -> list[str]:
        """Return the files of the report that is here; refuse a folder of other things."""
        if not any(self.path.iterdir()):
            return []
        try:
            manifest = json.loads((self.path / _MANIFEST).read_text(encoding="utf-8"))
            files = manifest["files"] if manifest["made_by"] == MADE_BY else None
        except (OSError, ValueError, TypeError, KeyError):
            files = None
        if not isinstance(files, list):
            raise InvalidInput(
                "--out",
                str(self.path),
                "a new or empty folder, or one with an earlier report",
                "name another folder; files that verify did not write are never overwritten",
            )
        return [name for name in files if isinstance(name, str) and _OURS.fullmatch(name)]

    def _refuse_foreign_files(self, earlier: list[str]) -> None:
        """Check that no place of ours is taken by a file that the earlier report does not list."""
        for path in (self.path / "index.html", *(self.path / "figures").glob("*")):
            name = path.relative_to(self.path).as_posix()
            if _OURS.fullmatch(name) and name not in earlier and path.exists():
                raise InvalidInput(
                    "--out",
                    str(path),
                    "no file of another origin at this place",
                    "move it away, or name another folder",
                )


def write_file(target: Path, content: str | bytes, *, folder: Path, flag: str) -> None:
    """Write a file in a folder that was given by `flag`."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    # Written beside its place and moved there: a reader never meets half a file.
    beside = target.with_name(target.name + ".part")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    except OSError as error:
        raise refused_folder(flag, folder, error) from None


def refused_folder(flag: str, folder: Path, error: OSError) -> InvalidInput:
    """Return the error for a folder in which nothing can be written."""
    why = error.strerror or str(error)
    return InvalidInput(
        flag, str(folder), "a folder that can be written", f"{why}; name another folder"
    )
