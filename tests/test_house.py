"""The house rules of CONTRIBUTING.md: ranks, doors, sizes, names. A broken rule names the file and the line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent
EMULATOR = ROOT / "emulator"

RANKS = {
    "version": 0,
    "errors": 1,
    "wire": 1,
    "settings": 1,
    "effects": 1,
    "web": 2,
    "configuration": 2,
    "mapping": 3,
    "store": 3,
    "lambda_runtime": 3,
    "deployment": 4,
    "observe": 4,
    "services": 4,
    "authorizers": 5,
    "integrations": 5,
    "openapi": 5,
    "control": 6,
    "execute_api": 6,
    "cloudformation": 6,
    "console": 6,
    "pages": 6,
    "front": 7,
    "cli": 7,
    "parts": 7,
    "assembly": 8,
    "tap": 9,
    "testing": 9,
}
# A module that only some may import: the module's first name, and where it is allowed (prefixes of paths).
DOORS = {
    "moto": ("store/", "services/", "cloudformation/"),
    "treq": ("integrations/http.py", "services/"),
    "klein": ("front.py", "control/app.py", "console/"),
    "botocore": ("control/codec.py", "authorizers/sigv4.py", "services/"),
    "boto3": ("cloudformation/templates.py",),  # the SAM transform wants a session; it calls nobody with it
    "random": ("effects.py",),
    "time": ("effects.py",),
    "uuid": ("effects.py",),
    "secrets": ("effects.py",),
    "threading": ("effects.py", "testing.py"),
    "subprocess": ("lambda_runtime/interpreters.py",),
    "requests": (),
    "flask": (),
}
WEB_DOORS = ("front.py", "control/app.py", "console/", "web/", "integrations/http.py")
CHILD = "lambda_runtime/bootstrap/"  # runs in the function's process, under its own rules
MAX_LINES = 450
FORBIDDEN = re.compile(r"\b(TODO|FIXME|XXX|HACK|stub(?:bed)?)\b|raise NotImplementedError")
BAD_CLASS = re.compile(r"(Handler|Manager|Processor|Helper)$")
FORBIDDEN_ALLOWED = {
    # AWS's own model templates say so to their readers
    "control/models.py",
}


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """Path below ``emulator/``, text and tree of each module."""
    for path in sorted(EMULATOR.rglob("*.py")):
        name = path.relative_to(EMULATOR).as_posix()
        if not name.startswith(CHILD) and "__pycache__" not in name:
            text = path.read_text("utf-8")
            yield name, text, ast.parse(text)


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of whatever a module imports, except for types only."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            skipped.update(ast.walk(node))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            for each in node.names:
                yield node.lineno, each.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module == "emulator":
                for each in node.names:
                    yield node.lineno, f"emulator.{each.name}"
            else:
                yield node.lineno, node.module


def part_of(name: str) -> str:
    """``control/app.py`` is of ``control``, ``front.py`` of ``front``."""
    return name.split("/")[0].removesuffix(".py")


class TheHouse(SynchronousTestCase):
    """Each rule on the whole of ``emulator/``."""

    def _none(self, broken: list[str]) -> None:
        self.assertEqual(broken, [], "\n" + "\n".join(broken))

    def test_every_part_has_a_rank(self) -> None:
        parts = {part_of(name) for name, _, _ in modules()} - {"__init__"}
        self.assertEqual(parts - set(RANKS), set())

    def test_imports_go_down_the_ranks(self) -> None:
        broken = []
        for name, _, tree in modules():
            mine = part_of(name)
            for line, imported in imports(tree):
                parts = imported.split(".")
                if parts[0] != "emulator" or len(parts) < 2 or parts[1] == mine or mine == "__init__":
                    continue
                if RANKS[parts[1]] >= RANKS[mine] and not (RANKS[mine] == 1 and RANKS[parts[1]] == 1):
                    broken.append(f"emulator/{name}:{line}: {mine} ({RANKS[mine]}) imports {imported}")
        self._none(broken)

    def test_doors(self) -> None:
        broken = []
        for name, _, tree in modules():
            for line, imported in imports(tree):
                allowed = DOORS.get(imported.split(".")[0])
                if allowed is not None and not name.startswith(allowed):
                    broken.append(f"emulator/{name}:{line}: imports {imported}")
                if imported.startswith("twisted.web") and not name.startswith(WEB_DOORS):
                    broken.append(f"emulator/{name}:{line}: imports {imported}")
        self._none(broken)

    def test_the_global_reactor_enters_in_tap_only(self) -> None:
        broken = []
        for name, text, _ in modules():
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(r"import.*\breactor\b", line) and name not in {"tap.py", "testing.py"}:
                    broken.append(f"emulator/{name}:{number}: {line.strip()}")
        self._none(broken)

    def test_sizes(self) -> None:
        broken = []
        for name, text, _ in modules():
            count = text.count("\n")
            if count > MAX_LINES:
                broken.append(f"emulator/{name}: {count} lines")
        self._none(broken)

    def test_each_file_opens_with_its_rule(self) -> None:
        broken = [f"emulator/{name}" for name, _, tree in modules() if not ast.get_docstring(tree)]
        self._none(broken)

    def test_packages_hold_nothing_but_a_docstring(self) -> None:
        broken = [
            f"emulator/{name}"
            for name, _, tree in modules()
            if name.endswith("__init__.py") and (len(tree.body) != 1 or not ast.get_docstring(tree))
        ]
        self._none(broken)

    def test_names(self) -> None:
        broken = []
        for name, _, tree in modules():
            if re.search(r"\butils?\b|helpers?\b", name):
                broken.append(f"emulator/{name}: what is it about?")
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and BAD_CLASS.search(node.name):
                    broken.append(f"emulator/{name}:{node.lineno}: class {node.name}")
        self._none(broken)

    def test_words(self) -> None:
        broken = []
        for name, text, _ in modules():
            for number, line in enumerate(text.splitlines(), 1):
                if name not in FORBIDDEN_ALLOWED and FORBIDDEN.search(line):
                    broken.append(f"emulator/{name}:{number}: {line.strip()}")
        self._none(broken)

    def test_no_inline_callbacks(self) -> None:
        broken = [f"emulator/{name}" for name, text, _ in modules() if "inlineCallbacks" in text]
        self._none(broken)

    def test_the_project_reads_nothing_of_the_workshop(self) -> None:
        broken = [
            str(path.relative_to(ROOT))
            for folder in ("emulator", "tests", "twisted", "benchmarks", "conf")
            for path in sorted((ROOT / folder).rglob("*"))
            if path.suffix in {".py", ".toml", ".json"} and "/work/" + "shared" in path.read_text("utf-8")
        ]
        self._none(broken)
