"""Which suite tests decide which claim.

The suites are read, not imported: a claim is named where a test stands, with
`@pytest.mark.claim("...")` on a function or class, in `pytestmark`, or in the marks of a parameter; a mark
may have been given a name at the top of the file.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchctl.claims.catalogue import claim
from benchctl.errors import UserError


@dataclass(frozen=True)
class _Suite:
    """One suite file; `path` is as in its test ids."""

    file: Path
    path: str

    def decisions(self) -> Iterator[tuple[str, str]]:
        """Every (claim id, test id) of the file."""
        tree = ast.parse(self.file.read_bytes(), filename=str(self.file))
        yield from self._scope(tree.body, self.path, [], _named(tree.body))

    def _scope(
        self, body: list[ast.stmt], name: str, inherited: list[str], named: dict[str, ast.expr]
    ) -> Iterator[tuple[str, str]]:
        marks = inherited + self._claims(_pytestmark(body))
        for node in body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                own = self._claims(_spelled(node.decorator_list, named))
                yield from self._scope(node.body, f"{name}::{node.name}", marks + own, named)
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                for claim_id in marks + self._claims(_spelled(node.decorator_list, named)):
                    yield claim_id, f"{name}::{node.name}"

    def _claims(self, expressions: Iterable[ast.expr]) -> list[str]:
        return [
            self._claim_id(argument)
            for expression in expressions
            for call in ast.walk(expression)
            if isinstance(call, ast.Call) and _is_claim_mark(call.func)
            for argument in call.args
        ]

    def _claim_id(self, argument: ast.expr) -> str:
        place = f"{self.path}:{argument.lineno}"
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            raise UserError(f"{place}: a claim mark without a literal id", "write the claim's id as a string")
        try:
            return claim(argument.value).id
        except UserError as error:
            raise UserError(f"{place}: {error.what}", error.cure) from error


def _named(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """What simple names stand for at the top of a file."""
    return {
        target.id: node.value
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _spelled(decorators: list[ast.expr], named: dict[str, ast.expr]) -> list[ast.expr]:
    """Decorators with what they stand for in the place of their names."""
    return [named.get(d.id, d) if isinstance(d, ast.Name) else d for d in decorators]


def _pytestmark(body: list[ast.stmt]) -> list[ast.expr]:
    return [
        node.value
        for node in body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)
    ]


def _is_claim_mark(function: ast.expr) -> bool:
    """True for `pytest.mark.claim` and `mark.claim`."""
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "claim"
        and "mark" in (getattr(function.value, "attr", ""), getattr(function.value, "id", ""))
    )


def deciding_tests(suites: Path) -> dict[str, tuple[str, ...]]:
    """Test ids, as pytest names them from the folder that holds `suites`, by the claim they decide.

    Raises:
        UserError: a test names a claim that does not exist, or names it other than literally.
    """
    found: dict[str, set[str]] = {}
    for file in sorted(suites.rglob("test_*.py")):
        for claim_id, test in _Suite(file, file.relative_to(suites.parent).as_posix()).decisions():
            found.setdefault(claim_id, set()).add(test)
    return {claim_id: tuple(sorted(found[claim_id])) for claim_id in sorted(found)}
