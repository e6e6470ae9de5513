"""What ARCHITECTURE.md says of the parts, enforced: who may import whom, and what stands where.

Sources are parsed, not imported, so a forbidden import is told even where it would work.
"""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("services", "shared", "cli", "deploy")

TOP_LEVEL = {
    *(".ci", "cli", "deploy", "docs", "services", "shared", "tests"),
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"),
    *("Makefile", "docker-compose.yml", "pyproject.toml", "requirements.lock"),
    *(".dockerignore", ".gitignore"),
}

RANKS = {
    "__main__": 11,
    "app": 10,
    "queries": 9,
    "service": 8,
    "handlers": 7,
    "store": 6,
    "decisions": 5,
    "rematch": 4,
    **dict.fromkeys(("person", "campaign", "leads", "deliveries"), 3),
    **dict.fromkeys(("fit", "catalogue", "meetings", "slots", "threads"), 2),
    **dict.fromkeys(("orders", "accounts", "doors"), 1),
    **dict.fromkeys(("filters", "reading", "__init__"), 0),
}
"""The rooms of a service, a folder or a module each: a room knows those of a lower rank."""
INNERMOST = 0

PURE = (
    *("shared.companies", "shared.contracts", "shared.errors", "shared.emails", "shared.refusals"),
    *("shared.folding", "shared.hosts", "shared.ids", "shared.local_days", "shared.money"),
    "shared.wording",
)
DECIDING = (
    *PURE,
    *("shared.definitions", "shared.doors", "shared.matching"),
    "shared.loop.decision",
    "shared.loop.working_set",
    "shared.loop.collection",
)
STORING = (*DECIDING, "shared.loop.catalogue", "shared.loop.tally", "shared.store")
MAY_IMPORT = {
    **dict.fromkeys(range(INNERMOST, RANKS["store"]), DECIDING),
    RANKS["store"]: STORING,
    RANKS["handlers"]: (*DECIDING, "shared.loop.table"),
}
"""What the inner layers of a service may know of shared: values, never the loop or a client."""

PURE_PARSERS = {"phonenumbers", "pycountry", "pydantic", "pydantic_core", "rapidfuzz"}
"""The packages that the inner layers may use: none of them reaches outside."""

DRIVERS = {"motor", "pymongo", "bson"}
KNOW_THE_DRIVER = {
    "shared/mongo.py",
    # Asks a store that has just been started whether it answers, before there is any service.
    "deploy/local/health.py",
}

CATCH_ALL = {
    # The shell: what no one foresaw is blamed on one input, or stops the service.
    "shared/loop/loop.py",
    # An attempt that raises is tried again: what it did is unknown.
    "shared/loop/worker.py",
    # These raise again what they caught: ended transactions, a stack that did not come up.
    "shared/mongo.py",
    "shared/testing/memory.py",
    "deploy/local/stack.py",
    # Reports as a defect what a simulated process died of.
    "shared/testing/simulator.py",
}

LINES_MAX = 70
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef

REGISTRIES = [
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("maven", "apache", "org"),
    ("repo1", "maven", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("golang", "org"),
    ("docker", "io"),
    ("debian", "org"),
]
# In pieces, so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        [
            *(r"\b" + r"\.".join(parts) + r"\b" for parts in REGISTRIES),
            r"(?<![\w.])/" + r"(?:work|root|home|Users)/\w",
            r"\.\./" + r"shared\b",
        ]
    )
)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module that is imported anywhere in the file, also inside functions."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: relative imports hide where they lead"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_below(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def wrong_imports(folder: str, *forbidden: str) -> list[str]:
    return [
        f"{name_of(path)} imports {name}"
        for path in sources(folder)
        for name in imports(path)
        if is_below(name, forbidden)
    ]


def room(path: Path) -> str:
    """Of a service: the folder or the module that a source lies in."""
    return Path(path.relative_to(ROOT / "services").parts[1]).stem


def rank(path: Path) -> int:
    return RANKS[room(path)]


def service_modules() -> list[Path]:
    return [path for path in sources("services") if path.parent.name != "services"]


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("shared", ("services", "cli", "deploy", "tests")),
        ("cli", ("services", "tests", "shared.testing")),
        ("deploy", ("services", "cli", "tests", "shared.testing")),
        ("services", ("cli", "deploy", "tests", "shared.testing")),
        ("shared/contracts", ("shared.loop", "shared.store", "shared.mongo", "shared.serve")),
        ("shared/companies", ("shared.contracts", "shared.loop", "shared.store", "shared.mongo")),
        ("shared/matching", ("shared.contracts", "shared.loop", "shared.store", "shared.mongo")),
        ("shared/loop", ("shared.serve", "shared.read_api", "shared.testing")),
    ],
)
def test_imports_point_one_way(folder: str, forbidden: tuple[str, ...]) -> None:
    """Services and tools know what is shared; nothing that is shared knows them."""
    assert [] == wrong_imports(folder, *forbidden)


def test_the_oracle_knows_the_published_language_only() -> None:
    """What the services' code has wrong, and what the command line takes from it, can't be wrong in
    the same way where they are judged."""
    allowed = ("cli.oracle", "shared.contracts")
    known = {name for path in sources("cli/oracle") for name in imports(path)}
    ours = {name for name in known if name.split(".")[0] in (*PACKAGES, "tests")}
    assert [] == sorted(name for name in ours if not is_below(name, allowed))
    third = {name.split(".")[0] for name in known} & installed_packages()
    assert set() == third


def test_what_is_shared_names_no_service() -> None:
    """But for the language that they publish, which is theirs."""
    services = "|".join(sorted({path.relative_to(ROOT).parts[1] for path in service_modules()}))
    named = re.compile(rf"(?<!fastapi\.)(?<!starlette\.)\b({services})\b")
    found = [
        f"{name_of(path)}:{number}: {match[0]}"
        for path in sources("shared")
        if not name_of(path).startswith("shared/contracts/")
        for number, line in enumerate(lines_of(path), start=1)
        if (match := named.search(line))
    ]
    assert [] == found


def test_money_is_whole_numbers() -> None:
    """Neither it nor who reckons with it has a float, makes one, or rounds in Python's own way."""
    reckon = [path for path in sources(*PACKAGES) if is_any_below(imports(path), "shared.money")]
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in [ROOT / "shared" / "money.py", *reckon]
        for node in ast.walk(ast.parse(path.read_text()))
        if is_fraction(node)
    ]
    assert [] == found


def is_fraction(node: ast.AST) -> TypeGuard[ast.expr]:
    match node:
        case ast.Constant(value=float()):
            return True
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
        case ast.Name(id="float" | "round"):
            return True
    return False


@pytest.mark.parametrize("code", ["1.5", "a / b", "a /= b", "float(a)", "round(a)"])
def test_fractions_are_recognized(code: str) -> None:
    assert any(map(is_fraction, ast.walk(ast.parse(code))))
    assert not any(map(is_fraction, ast.walk(ast.parse("a // b * 2 - sum(c)"))))


def test_what_is_deployed_knows_nothing_of_the_local_stack() -> None:
    """Of what lies beside it, only the builder of the image runs on this machine alone."""
    beside = [path for path in sources("deploy") if path.parent.name == "deploy"]
    found = {name_of(path) for path in beside if is_any_below(imports(path), "deploy.local")}
    assert {"deploy/image.py"} == found


def is_any_below(names: Iterator[str], module: str) -> bool:
    return any(is_below(name, (module,)) for name in names)


def test_the_loop_knows_the_store_by_its_port_only() -> None:
    """So that one suite can hold the real store and the simulator's to the same contract. The tool
    that resolves a shard is no part of the loop: it is called by a person, and connects itself."""
    tool = "shared/loop/resolve.py imports shared.mongo.MongoStore"
    assert [tool] == wrong_imports("shared/loop", "shared.mongo")


def test_the_order_in_which_one_reads_the_loop_names_each_of_its_modules() -> None:
    """Once: who comes first finds all of them, and knows when to look at which."""
    order = ast.get_docstring(tree_of(ROOT / "shared/loop/__init__.py")) or ""
    modules = sorted(path.stem for path in (ROOT / "shared/loop").glob("*.py"))
    assert modules[1:] == sorted(re.findall(r"`(\w+)`", order))


def test_no_service_imports_another() -> None:
    """They talk over topics, in the language of shared/contracts."""
    services = {path.relative_to(ROOT).parts[1] for path in service_modules()}
    wrong = [
        wrong
        for service in services
        for other in services - {service}
        for wrong in wrong_imports(f"services/{service}", f"services.{other}")
    ]
    assert [] == wrong


@pytest.mark.parametrize("path", service_modules(), ids=name_of)
def test_the_rooms_of_a_service(path: Path) -> None:
    """Each knows those further in; side by side, a room does not know its neighbour."""
    for other in neighbours(path):
        is_at_home = room(other) == room(path)
        assert is_at_home or rank(other) < rank(path), f"{name_of(path)} imports {name_of(other)}"


def test_no_circle() -> None:
    """Also of imports that only the types need: a reader follows them all the same."""
    left = {path: ours(path) for path in sources(*PACKAGES)}
    while free := [path for path, others in left.items() if not others & left.keys()]:
        for path in free:
            del left[path]
    assert [] == sorted(map(name_of, left))


def neighbours(path: Path) -> set[Path]:
    """The modules of the same service that one imports."""
    service = ROOT / "services" / path.relative_to(ROOT).parts[1]
    return {other for other in ours(path) if other.is_relative_to(service)}


def ours(path: Path) -> set[Path]:
    """The modules of the project that one imports, or from which it imports something."""
    found = (name.split(".") for name in imports(path))
    files = (ROOT.joinpath(*parts[:end]) for parts in found for end in (len(parts) - 1, len(parts)))
    return {file for each in files if (file := each.with_suffix(".py")).is_file()} - {path}


@pytest.mark.parametrize(
    "path", [path for path in service_modules() if rank(path) in MAY_IMPORT], ids=name_of
)
def test_the_inner_layers_know_no_machinery(path: Path) -> None:
    """Deciding and storing are told apart from Kafka, HTTP and the driver by their imports."""
    allowed = MAY_IMPORT[rank(path)]
    shared = [name for name in imports(path) if name.startswith("shared.")]
    assert [] == [name for name in shared if not is_below(name, allowed)]
    third = {name.split(".")[0] for name in imports(path)} & installed_packages()
    assert set() == third - PURE_PARSERS


def installed_packages() -> set[str]:
    """Of what the project depends on, those that reach outside or hold the process together."""
    clients = {"aiohttp", "aiokafka", "faststream", "httpx", "opentelemetry", "prometheus_client"}
    frames = {"rich", "starlette", "structlog", "typer", "uvicorn", "yaml", "pydantic_settings"}
    return clients | frames | DRIVERS | PURE_PARSERS | {"asyncio", "os", "random", "time", "uuid"}


def test_one_module_knows_the_driver() -> None:
    """Moving to another driver is one file."""
    found = {
        name_of(path)
        for path in sources(*PACKAGES)
        if DRIVERS & {name.split(".")[0] for name in imports(path)}
    }
    assert KNOW_THE_DRIVER == found


def test_only_the_shell_catches_everything() -> None:
    """Elsewhere an error that nobody expected rises to the loop, which knows what to do."""
    found = {
        name_of(path)
        for path in sources(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    }
    assert CATCH_ALL == found


def catches_all(handler: ast.ExceptHandler) -> bool:
    names = {"Exception", "BaseException"}
    return handler.type is None or any(
        isinstance(node, ast.Name) and node.id in names for node in ast.walk(handler.type)
    )


def test_functions_are_short() -> None:
    """Nobody should have to scroll inside a function."""
    long = [
        f"{name_of(path)}: {node.name} has {length(node)} lines"
        for path in sources(*PACKAGES, "tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, FUNCTION) and length(node) > LINES_MAX
    ]
    assert [] == long


BARE = re.compile(r"_*(?:[a-z]*ed|said|told|given|known|held|taken|made|seen|left|written)")
"""A verb in its past, and nothing else."""
NOT_PAST = {"feed"}


def test_no_function_is_called_by_a_bare_past_participle() -> None:
    """A reader would have to guess whether it tells, makes or does something: a noun says what one
    gets, a verb what happens. A property is read as a field, and may be called so."""
    found = [
        f"{name_of(path)}:{node.lineno}: {node.name}"
        for path in sources(*PACKAGES)
        for node in ast.walk(tree_of(path))
        if isinstance(node, FUNCTION) and BARE.fullmatch(node.name) and not is_property(node)
        if node.name not in NOT_PAST
    ]
    assert [] == found


def is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in node.decorator_list)


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@cache
def tracked() -> list[Path]:
    """What is in the repository, or would be with the next commit."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout: there is no list of tracked files")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_the_top_level_is_as_described() -> None:
    """README.md and ARCHITECTURE.md lead through exactly these."""
    assert TOP_LEVEL == {path.relative_to(ROOT).parts[0] for path in tracked()}


def test_no_registry_and_no_machine_is_named() -> None:
    """What is downloaded, and where things lie, is the machine's own matter."""
    found = [
        f"{name_of(path)}:{number}: {match[0]}"
        for path in tracked()
        for number, line in enumerate(lines_of(path), start=1)
        if (match := FORBIDDEN.search(line))
    ]
    assert [] == found


def lines_of(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines()
