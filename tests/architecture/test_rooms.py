"""The house keeps its own rules: who imports what, how long things are, which words are used."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("onboarding_api", "policies", "idp_extension", "demo", "samples")

# Where a package may be imported: one adapter each, so that it can be replaced or fenced.
ONLY_IN = {
    "cedarpy": ("policies/language/", "policies/engine/"),
    "keycloak": ("idp_extension/", "demo/bench_sync/contenders.py"),  # there it is what is compared with
    "cerberus": ("policies/catalogue/strict.py",),
    "flask": (
        "onboarding_api/web/",
        "onboarding_api/__init__.py",
        "idp_extension/relying_party/",
        "samples/",
    ),
    "typst": ("onboarding_api/letters/",),
    "smtplib": ("onboarding_api/notices/",),
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations/versions" not in path.as_posix():
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


MODULES = dict(modules())


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize(("package", "rooms"), ONLY_IN.items())
def test_a_package_is_imported_in_its_room_alone(package: str, rooms: tuple[str, ...]) -> None:
    importers = [name for name, tree in MODULES.items() if package in imported(tree)]
    assert importers, f"{package} is not used at all"
    assert [name for name in importers if not name.startswith(rooms)] == []


def test_modules_and_functions_are_short() -> None:
    long = []
    for name, tree in MODULES.items():
        lines = len((ROOT / name).read_text("utf-8").splitlines())
        if lines > 300:
            long.append(f"{name}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 40:
                    long.append(f"{name}:{node.lineno} {node.name}: {length} lines")
    assert long == []


def test_no_folder_is_past_fifteen_modules() -> None:
    """Past it a folder gets rooms of its own, each with a sentence that says what belongs there."""
    folders = Counter(Path(name).parent.as_posix() for name in MODULES)
    assert {folder: count for folder, count in folders.items() if count > 15} == {}
    assert [
        name
        for name, tree in MODULES.items()
        if Path(name).name == "__init__.py" and not ast.get_docstring(tree)
    ] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "common", "misc", "manager"}
    assert [name for name in MODULES if Path(name).stem in empty] == []


def test_the_provider_is_small() -> None:
    java = list((ROOT / "idp_extension/provider").rglob("*.java"))
    assert java
    lines = [line.strip() for path in java for line in path.read_text("utf-8").splitlines()]
    # Neither blanks nor comments: an explanation is no burden.
    assert sum(1 for line in lines if line and not line.startswith(("//", "/*", "*"))) <= 900


@pytest.mark.parametrize(("room", "name"), [("people", "People"), ("groups", "Groups")])
def test_the_gateway_is_small(room: str, name: str) -> None:
    tree = MODULES[f"idp_extension/gateway/{room}.py"]
    (part,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    public = [n.name for n in part.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
    assert 1 <= len(public) <= 15, public


def test_every_dataclass_has_slots() -> None:
    """One rule: a misspelt attribute is an error, and no object has a drawer nobody knows of."""
    found = []
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            marks = node.decorator_list if isinstance(node, ast.ClassDef) else []
            for mark in marks:
                is_dataclass = ast.unparse(mark).split("(")[0] == "dataclass"
                if is_dataclass and "slots=True" not in ast.unparse(mark):
                    found.append(f"{name}:{mark.lineno}")
    assert found == []


def test_all_is_written_where_names_are_handed_on_and_nowhere_else() -> None:
    """One rule: `__all__` says what a module offers that it did not define."""
    found = []
    for name, tree in MODULES.items():
        listed = [node for node in tree.body if ast.unparse(node).startswith("__all__")]
        taken = {alias.asname or alias.name for node in tree.body for alias in getattr(node, "names", ())}
        offered = {str(each) for node in listed for each in ast.literal_eval(getattr(node, "value"))}  # noqa: B009
        if listed and not offered & taken:
            found.append(name)
    assert found == []


def test_docstrings_tell_what_is_raised_in_one_way() -> None:
    pattern = re.compile(r"\bRaises [`A-Z]|:raises|^ *Raises,", re.MULTILINE)
    found = []
    for path in modules_of(*PACKAGES, "tests"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if pattern.search(ast.get_docstring(node) or ""):
                found.append(f"{path.relative_to(ROOT)}: {getattr(node, 'name', '')}")
    assert found == []


def test_words_have_no_twins() -> None:
    """Names never use the second word of the glossary for the first one's thing."""
    table = (ROOT / "docs/glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]*) \|$", table, re.MULTILINE)
    twins = {twin.strip() for _, cell in rows[1:] for twin in cell.split(",") if twin.strip()} - {
        "Never",
        "---",
    }
    assert len(twins) > 10
    found = []
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                parts = set(re.sub(r"(?<!^)(?=[A-Z])", "_", node.name).lower().split("_"))
                found += [f"{name}: {node.name}" for twin in twins if twin in parts or twin == node.name]
    assert found == []


def test_nothing_names_a_registry_or_a_machine() -> None:
    hosts = "|".join(("py" + "pi", "python" + "hosted", "npm" + "js", "mav" + "en", "crates", "gol" + "ang"))
    pattern = rf"https?://[a-z0-9.-]*({hosts})[a-z0-9.-]*"
    done = subprocess.run(
        ["git", "grep", "-nIE", pattern, "--", ":!CHANGELOG.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""


def test_tests_patch_nothing() -> None:
    """A small real thing instead of a mock; what must misbehave is a real server that does."""
    words = (
        "mock" + ".patch",
        "Magic" + "Mock",
        "pytest." + "skip(",
        "skip" + "if",
        "monkeypatch.set" + "attr(",
    )
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    assert len(tests) > 50
    assert [
        f"{path.name}: {word}" for path in tests for word in words if word in path.read_text("utf-8")
    ] == []


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Run as programs, or read by others: nothing of ours imports them.
NOT_IMPORTED = {
    "tzdata": "zoneinfo reads it where the system has no time zones",
    "gunicorn": "the server of the container",
    "setuptools": "builds the package",
    "z3-solver": "asked for by name, see below",
    "codespell": "make check",
    "import-linter": "make check",
    "mypy": "make check",
    "ruff": "make check",
    "pytest-socket": "closes the network to the tests, by its options",
    "schemathesis": "a program that the tests run",
    "types-pyyaml": "mypy reads it",
    "types-requests": "mypy reads it",
    "types-jsonschema": "mypy reads it",
}


def declared(*extras: str) -> set[str]:
    wanted = [*PROJECT["dependencies"]]
    for extra in extras:
        wanted += PROJECT["optional-dependencies"][extra]
    return {canonical(re.split(r"[\[<>=~!]", each)[0]) for each in wanted}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def packages_imported(paths: Iterable[Path]) -> dict[str, str]:
    """The packages from elsewhere that modules import, and one module of each."""
    known = packages_distributions()
    ours = {*PACKAGES, "tests", "docs", *sys.stdlib_module_names}
    return {
        canonical(package): path.relative_to(ROOT).as_posix()
        for path in paths
        for module in imported(ast.parse(path.read_text("utf-8")))
        if module not in ours
        for package in known[module]
    }


def modules_of(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]


def test_what_the_product_imports_is_declared() -> None:
    found = packages_imported(modules_of(*PACKAGES))
    wanted = declared("server", "demo", "postgres")
    assert {package: module for package, module in found.items() if package not in wanted} == {}


def test_what_the_tests_import_is_declared() -> None:
    found = packages_imported(modules_of("tests", "docs"))
    wanted = declared(*PROJECT["optional-dependencies"])
    assert {package: module for package, module in found.items() if package not in wanted} == {}


def test_what_is_declared_is_imported_or_says_why_not() -> None:
    found = set(packages_imported(modules_of(*PACKAGES, "tests", "docs")))
    assert declared(*PROJECT["optional-dependencies"]) - found == set(NOT_IMPORTED)


def test_the_prover_is_an_extra_loaded_by_the_reviewers_tools_alone() -> None:
    """The portal runs without z3: nothing imports it at the top, one module asks for it by name."""
    named = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\bz3\b", path.read_text("utf-8"))
    ]
    assert named
    assert [name for name in named if not name.startswith(("policies/language/", "policies/review/"))] == []
    assert [name for name, tree in MODULES.items() if "z3" in {*top_level_imports(tree)}] == []


def top_level_imports(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        yield from imported(ast.Module([node], [])) if isinstance(node, ast.Import | ast.ImportFrom) else ()
