import re
from collections import Counter
from pathlib import Path

import benchctl.twin.imp as package

CODE = Path(package.__file__).parent
PAGE = (Path(__file__).parents[3] / "docs" / "fidelity.md").read_text()
CHOICE = re.compile(r"\bchoice\b")
THROWN = re.compile(r'Thrown\(\s*f?"([^"]+)"')


def in_the_code() -> Counter[str]:
    found: Counter[str] = Counter()
    for file in CODE.rglob("*.py"):
        count = sum(bool(CHOICE.search(line)) for line in file.read_text().splitlines())
        if count:
            found[str(file.relative_to(CODE))] = count
    return found


def on_the_page() -> Counter[str]:
    rows = PAGE.split("## Chosen")[1].splitlines()
    return Counter(match[1] for row in rows if (match := re.match(r"\| `([^`]+)` \|", row)))


def test_every_choice_is_on_the_page() -> None:
    assert on_the_page() == in_the_code()


def test_every_text_thrown_is_on_the_page() -> None:
    texts = {text for file in CODE.rglob("*.py") for text in THROWN.findall(file.read_text())}
    own = {text for text in texts if not text.startswith(("parameter ", "wrong number", "the index "))}
    assert own == set(re.findall(r"^- `(.+)`$", PAGE, re.MULTILINE))
