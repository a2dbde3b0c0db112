"""The journal of a run: a line for each finished test, on disk before the next one starts.

An interrupted run, a crash or a power cut loses the test that was running, and nothing else. A line is
`{"run": ...}` (the last one holds) or `{"test": ..., "place": n}`: lines are in the order in which tests
ended, places in that of the suites.
"""

import json
import os
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchctl.errors import UserError
from benchctl.report.results import RUN_HEADER, TEST_RESULT, Results, RunHeader, TestResult

NAME = "journal.jsonl"
REPORT_FILES = ("index.html", "junit.xml", "results.json")


class Journal:
    """Writes the journal of one run into `folder`, over that of an earlier run.

    Raises:
        UserError: nothing can be written there.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in REPORT_FILES:  # a run that dies must not leave the report of an earlier one
                (folder / name).unlink(missing_ok=True)
            self._file = (folder / NAME).open("w", encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"no report can be written into {folder}: {error.strerror}", "choose another folder"
            ) from error

    def run(self, header: RunHeader) -> None:
        """Record what is being tested; again when more has become known of it."""
        self._append({"run": RUN_HEADER.dump_python(header, mode="json")})

    def test(self, result: TestResult, place: int) -> None:
        """Record a finished test and its number among the tests of the run."""
        self._append({"test": TEST_RESULT.dump_python(result, mode="json"), "place": place})

    def close(self) -> None:
        """Nothing more will be recorded."""
        self._file.close()

    def _append(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, allow_nan=False) + "\n")
        self._file.flush()
        os.fdatasync(self._file.fileno())


def read_journal(folder: Path) -> Results | None:
    """The results that a journal holds; None where a run never got as far as knowing its target.

    Tests are in the order of the suites. A last line that was cut off is left out.
    """
    file = folder / NAME
    header: RunHeader | None = None
    tests: list[tuple[int, TestResult]] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            break
        if "run" in entry:
            header = RUN_HEADER.validate_python(entry["run"])
        else:
            tests.append((entry["place"], TEST_RESULT.validate_python(entry["test"])))
    tests.sort(key=itemgetter(0))
    return Results(header, [result for _, result in tests]) if header is not None else None
