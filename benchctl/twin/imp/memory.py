"""Memory of the virtual imp: what a program has, and how large a program may be. Facts: modules/*.yaml."""

from benchctl.dut.module import Module
from benchctl.impos.version import ImposVersion
from benchctl.twin.faults import declare
from benchctl.twin.imp.chip import Chip

KB = 1024
# choice: RAM for programs where no source gives it (KB). The imp005's holds the program's code as well.
_RAM_KB = {"imp001": 85, "imp005": 1280}
_DEFAULT_RAM_KB = 128

CODE_128K_IMP003 = declare(
    "code-space-imp003-128k", "r34-imp003-code-space-256k", "programs above 128 KB are refused", ["imp003"]
)
CODE_128K_IMP005 = declare(
    "code-space-imp005-128k", "r34-imp005-code-space-256k", "programs above 128 KB are refused", ["imp005"]
)
CODE_256K_IMP001 = declare(
    "code-space-imp001-256k",
    "r34-imp001-imp002-code-space-128k",
    "programs up to 256 KB are accepted",
    ["imp001"],
)
CODE_256K_IMP005 = declare(
    "code-space-imp005-256k", "r42-imp005-code-space-768k", "programs above 256 KB are refused", ["imp005"]
)
CODE_IS_FREE = declare(
    "code-takes-no-ram", "r42-imp005-code-eats-ram", "a larger program leaves as much memory", ["imp005"]
)
_CODE_FAULTS = (
    (CODE_128K_IMP003, 128), (CODE_128K_IMP005, 128), (CODE_256K_IMP001, 256), (CODE_256K_IMP005, 256),
)  # fmt: skip


def ram_bytes(module: Module) -> int:
    """RAM for programs."""
    known = module.fact("memory.application_ram_kb").value
    return KB * int(known or _RAM_KB.get(module.name, _DEFAULT_RAM_KB))


def code_bytes(source: str) -> int:
    """How much program storage a source takes. choice: as many bytes as its text."""
    return len(source.encode())


def code_space(chip: Chip) -> int:
    """Program storage of the module under its release, bytes."""
    for fault, kb in _CODE_FAULTS:
        if chip.broken(fault):
            return kb * KB
    return KB * max((kb for since, kb in _spaces(chip.module) if chip.release >= since), default=128)


def memory_after_code(chip: Chip, source: str) -> int:
    """RAM left for the program's data: on the imp005 its code lives there too."""
    ram = ram_bytes(chip.module)
    if chip.module.name == "imp005" and not chip.broken(CODE_IS_FREE):
        ram -= code_bytes(source)
    return ram


def _spaces(module: Module) -> list[tuple[ImposVersion, int]]:
    """Code space by first release; rows that name none ("unknown", "before 42") hold from the start."""
    rows = module.facts["memory"]["code_space_kb"]
    return [
        (ImposVersion(int(first) if (first := str(row["from_impos"])).isdigit() else 0), row["kb"])
        for row in rows
    ]
