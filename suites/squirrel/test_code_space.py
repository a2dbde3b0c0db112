"""How large a program may be. Distinct string constants take at least their length as bytecode."""

import pytest

_KB = 1024
_PIECE = 1000


def _program(kilobytes: int) -> str:
    """A program with `kilobytes` KB of string constants, none like another, that logs once it runs."""
    count = kilobytes * _KB // _PIECE
    pieces = ",\n".join(f'"{number:06d}{"x" * (_PIECE - 6)}"' for number in range(count))
    return f'server.log("runs");\nfunction text() {{ return [\n{pieces}\n]; }}\n'


def _runs(device_program, kilobytes: int) -> bool:
    return device_program.lines(_program(kilobytes), 1, within_s=5.0) == ["runs"]


@pytest.mark.parametrize(
    ("fits_kb", "too_large_kb"),
    [
        pytest.param(100, 150, marks=pytest.mark.claim("r34-imp001-imp002-code-space-128k"), id="128KB"),
        pytest.param(200, 300, marks=pytest.mark.claim("r34-imp003-code-space-256k"), id="imp003-256KB"),
        pytest.param(200, 300, marks=pytest.mark.claim("r34-imp005-code-space-256k"), id="imp005-256KB"),
        pytest.param(600, 900, marks=pytest.mark.claim("r42-imp005-code-space-768k"), id="768KB"),
    ],
)
def test_code_space(judge, device_program, fits_kb, too_large_kb):
    """d-sizes-kb, api/squirrel.yaml: one size that fits and one that cannot, on either side of the figure."""
    judge.equal(f"a program of {fits_kb} KB runs", _runs(device_program, fits_kb), True)
    judge.equal(f"a program of {too_large_kb} KB runs", _runs(device_program, too_large_kb), False)


@pytest.mark.claim("r42-imp005-code-eats-ram")
def test_larger_programs_leave_less_memory(judge, device_program):
    """On an imp005 the code lives in the same RAM: memory falls with each step of the code's size."""
    free = []
    for kilobytes in (10, 110, 210):
        source = "server.log(imp.getmemoryfree());\n" + _program(kilobytes)
        free.append(int(device_program.lines(source, 1)[0]))
    for smaller, larger in ((0, 1), (1, 2)):
        judge.measure(
            "memory lost to 100 KB of code", free[smaller] - free[larger], unit="B", uncertainty=0,
            low=50 * _KB, source="imp.getmemoryfree()",
        )  # fmt: skip
