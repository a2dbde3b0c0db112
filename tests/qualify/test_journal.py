from pathlib import Path

from benchctl.measure import Verdict
from benchctl.qualify.journal import NAME, Journal, read_journal
from benchctl.report.results import Recorded, Results, RunHeader, TestResult

HEADER = RunHeader("bench", "imp005", "", 0, "2026-01-02T03:04:05+00:00")
RESULT = TestResult("suites/a/test_a.py::test", ["c"], Verdict.FAIL, "a\u2028b", [Recorded("n", 1, "s")])


def test_a_journal_reads_back_the_last_header_and_every_test(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.run(HEADER)
    journal.test(RESULT, 0)
    later = RunHeader("bench", "imp005", "34.11", 0, HEADER.started)
    journal.run(later)
    assert read_journal(tmp_path) == Results(later, [RESULT])
    journal.close()


def test_a_line_cut_off_in_the_middle_loses_only_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.run(HEADER)
    journal.test(RESULT, 0)
    journal.close()
    with (tmp_path / NAME).open("a") as file:
        file.write('{"test": {"nodeid": "suit')
    assert read_journal(tmp_path) == Results(HEADER, [RESULT])


def test_an_empty_folder_has_no_results(tmp_path: Path) -> None:
    assert read_journal(tmp_path) is None


def test_tests_read_back_in_the_order_of_the_suites(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.run(HEADER)
    names = ["suites/uart/test_b.py::test", "suites/spi/test_a.py::test", "suites/uart/test_b.py::test_more"]
    for place, name in zip((1, 0, 2), names, strict=True):
        journal.test(TestResult(name, [], Verdict.PASS), place)
    journal.close()
    results = read_journal(tmp_path)
    assert results is not None
    assert [test.nodeid for test in results.tests] == [names[1], names[0], names[2]]
