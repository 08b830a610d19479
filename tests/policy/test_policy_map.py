"""docs/policy-map.md is whole and true: every clause, and only constants and tests that exist."""

import ast
import re
from pathlib import Path

from policy import periods

ROOT = Path(__file__).parents[2]
CLAUSES = """P0.1 P0.2 P1 P2.1 P2.2 P2.3 P3.1 P3.2 P3.3a P3.3b P3.3c P3.3d P3.3e P3.4 P3.5 P3.6 P3.7a P3.7b P3.7c P3.7d
P3.8 P3.9 P3.10 P3.11 P3.12 P3.13 P3.14 P3.15 P3.16 P3.17 P4.1 P4.2 P4.3 P4.4 P4.5 P4.6 P4.7 P4.8 P4.9 P4.10 P5.1 P5.2
P5.3 P5.4 P5.5 P5.6 P5.7 P5.8 P6.1 P6.2 P6.3 P7.1 P7.2 P7.3 P7.4 P7.5 P8.1 P8.2 P8.3 P8.4 P8.5 P8.6 P8.7 P9.1 P9.2 P9.3
P9.4 P9.5 P9.6 P9.7 P9.8 P10.1 P10.2 P11""".split()  # noqa: SIM905 (as it is read)


def rows() -> dict[str, str]:
    text = (ROOT / "docs/policy-map.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| (P[\w.]+) \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE)
    assert len(found) == len(dict(found))
    return dict(found)


def test_every_clause_has_a_row_in_order() -> None:
    assert list(rows()) == CLAUSES


def test_every_row_names_a_constant_or_a_test_that_exists_or_says_not_yet() -> None:
    wrong = []
    for clause, kept_by in rows().items():
        names = re.findall(r"`([^`]+)`", kept_by)
        if not names and kept_by.strip() != "not yet":
            wrong.append(f"{clause}: {kept_by}")
        wrong += [f"{clause}: {name}" for name in names if not _exists(name)]
    assert wrong == []


def _exists(name: str) -> bool:
    if name.startswith("policy.periods."):
        return hasattr(periods, name.rpartition(".")[2])
    path, _, function = name.partition("::")
    file = ROOT / path
    if not file.exists():
        return False
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.walk(tree))


def test_every_period_of_the_policy_is_in_use() -> None:
    constants = [name for name in vars(periods) if name.isupper()]
    assert constants == [
        "RETENTION_YEARS",
        "EXTENSION_MONTHS",
        "EXTENSION_CAP_MONTHS",
        "SOURCED_NOTICE_MONTHS",
        "SOURCED_UNANSWERED_MONTHS",
        "REVIEW_HOLD_MONTHS",
        "CLAIM_YEARS",
        "ACTS_YEARS",
        "REGISTER_YEARS",
        "TECHNICAL_DATA_YEARS",
        "REVIEW_MONTHS",
        "REQUEST_ANSWER_MONTHS",
        "REQUEST_EXTENSION_MONTHS",
    ]
