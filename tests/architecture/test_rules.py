"""Rules that no linter knows: one home for the clock, for deletion, for moving an application; no broad except."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = (
    "accounts",
    "audit",
    "candidates",
    "clouder",
    "common",
    "files",
    "mailing",
    "notices",
    "policy",
    "privacy",
    "website",
)
CLOCK_COLUMNS = {"last_contact_at", "last_contact_ref", "due_on", "erase_at", "keep_until"}  # expires_at is others' too


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_only_the_erasing_services_delete_rows_of_people() -> None:
    users = {name for name, tree in sources() if "common.deletion" in imports(tree)}
    assert users == {"files/services.py", "privacy/services/rows.py"}


def test_only_the_clock_writes_the_clocks_columns() -> None:
    writers = {name for name, tree in sources() for node in ast.walk(tree) if _written(node) & CLOCK_COLUMNS}
    assert writers == {"candidates/services/clock.py"}


def _written(node: ast.AST) -> set[str]:
    """The names that a node may write to a row: attributes, arguments of update and create, keys of columns."""
    if isinstance(node, ast.Assign):
        return {target.attr for target in node.targets if isinstance(target, ast.Attribute)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"update", "create"}:
        return {keyword.arg for keyword in node.keywords if keyword.arg}
    if isinstance(node, ast.FunctionDef) and node.name == "columns":
        return {key.value for part in ast.walk(node) if isinstance(part, ast.Dict) for key in part.keys}  # type: ignore[union-attr]
    return set()


def test_only_one_module_reads_the_time() -> None:
    readers = set()
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if node.func.attr in {"now", "utcnow", "today"} and isinstance(owner, ast.Name):
                    readers.add((name, owner.id))
    outside = {name for name, owner in readers if owner in {"datetime", "timezone", "date"}}
    assert {name for name in outside if not name.startswith(("clouder/demo", "clouder/embedded"))} == {
        "common/clock.py"
    }
    services = {name for name, owner in readers if (owner == "clock" and "/services" in name) or "/selectors" in name}
    assert services == set()


def test_only_the_pipeline_moves_an_application_and_never_the_system() -> None:
    makers = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "create"
        and ast.unparse(node).startswith("StageChange.objects")
    }
    assert makers == {"candidates/services/applications.py"}
    setters = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Attribute) and target.attr == "stage" for target in node.targets)
    }
    assert setters == {"candidates/services/applications.py"}
    tree = ast.parse((ROOT / "candidates/services/applications.py").read_text(encoding="utf-8"))
    assert "SYSTEM" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_deletion_mail_and_permission_code_never_catches_broadly() -> None:
    broad = []
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "everything"
                if caught in {"everything", "Exception", "BaseException"}:
                    broad.append(name)
    assert [name for name in broad if not name.startswith("clouder/demo")] == []


def test_no_template_marks_a_value_as_safe() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "templates").rglob("*.html")
        if re.search(r"\|\s*safe\b(?!_)|autoescape off", path.read_text(encoding="utf-8"))
    ]
    assert found == []
