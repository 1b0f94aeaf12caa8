"""The package that is deployed: what is in it, and that it starts where nothing of the project is."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from local.package import Built, build
from local.package.build import BUILD_FILE, LIBRARIES
from local.stack import SERVICE_BUS, TABLES, running
from tests.stack.unpacked_package import PROJECT, platform_beside, running_package, unpack

pytestmark = pytest.mark.long  # pip fetches the libraries of the platform, some 30 MB

NOT_THERE = {"tests", "local", "docs", "infra", "bench", ".venv", ".github", ".azure", "node_modules"}
PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}")
EMULATOR_KEY = b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
FUNCTION = re.compile(r"^\t(\w+): ", re.MULTILINE)
INDEX = "import json; from local.functions_host.indexing import index; print(json.dumps([f.name for f in index('.')]))"


@pytest.fixture(scope="module")
def indexed() -> list[str]:
    """The functions of this checkout."""
    return list(json.loads(subprocess.check_output([sys.executable, "-c", INDEX], cwd=PROJECT, text=True)))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package of this checkout."""
    return build(project=PROJECT, output=tmp_path_factory.mktemp("package"))


def test_unpacked_elsewhere_it_starts_with_the_same_functions_and_writes_nothing_beside_itself(
    indexed: list[str], built: Built, tmp_path: Path
) -> None:
    package = unpack(built.archive, into=tmp_path)
    before = sorted(package.rglob("*"))
    platform = platform_beside(package)
    with (
        running(state=tmp_path / "state", in_memory_tables=True, only={TABLES, SERVICE_BUS}) as stack,
        running_package(package, platform, settings=stack.settings) as (url, output),
    ):
        health = httpx.get(f"{url}/health", timeout=30, trust_env=False).json()
        assert health["status"] == "ok"
        assert health["build"] == (built.content / BUILD_FILE).read_text() != ""
        assert httpx.get(f"{url}/", timeout=30, trust_env=False, follow_redirects=True).is_success
    assert FUNCTION.findall(output) == indexed
    # Whoever lacks its bytecode would have had it written here, for these tests may run as root.
    assert sorted(package.rglob("*")) == before


def test_every_module_finds_its_libraries_in_the_package(built: Built, tmp_path: Path) -> None:
    # What a driver does not wait for is imported when it is first used: a start alone does not show that it is there.
    package = unpack(built.archive, into=tmp_path)
    modules = [
        ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__")
        for path in built.paths
        if path.endswith(".py") and not path.startswith(LIBRARIES)
    ]
    assert len(modules) > 300
    program = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)"
    environment = {"PYTHONPATH": f"{package}:{package / LIBRARIES}"}
    command = [sys.executable, "-S", "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_holds_the_app_and_its_libraries_and_nothing_else(built: Built) -> None:
    own = [path for path in built.paths if not path.startswith(LIBRARIES)]
    assert {path.split("/")[0] for path in own} == {
        *("function_app.py", "host.json", "requirements.txt", "functions", "shared", "__pycache__", BUILD_FILE)
    }
    assert {path for path in own if NOT_THERE & set(path.split("/"))} == set()
    assert not [path for path in built.paths if path.split("/")[-1].startswith(".env")]


def test_every_module_has_its_bytecode(built: Built) -> None:
    compiled = set(built.paths)
    modules = [Path(path) for path in built.paths if path.endswith(".py")]
    lacking = [
        m for m in modules if (m.parent / "__pycache__" / f"{m.stem}.cpython-313.pyc").as_posix() not in compiled
    ]
    assert lacking == []


def test_every_library_for_the_processor_is_one_for_linux(built: Built) -> None:
    binaries = [path for path in built.paths if ".so" in Path(path).suffixes]
    assert len(binaries) > 10
    for path in binaries:
        head = (built.content / path).read_bytes()[:20]
        assert head[:5] == b"\x7fELF\x02", path
        assert head[18:20] == b"\x3e\x00", f"{path} is not for x86-64"
        assert re.search(r"\.(cpython-313-x86_64-linux-gnu|abi3)\.so$|\.so[.\d]*$", path), path


def test_nothing_in_it_tells_of_this_machine_or_opens_anything(built: Built) -> None:
    with zipfile.ZipFile(built.archive) as archive:
        for path in built.paths:
            data = archive.read(path)
            assert str(PROJECT).encode() not in data, path
            assert str(built.content).encode() not in data, path
            assert not PRIVATE_KEY.search(data), path
            # The SDK has the emulator's key built in; the app has no use for it on Azure.
            assert EMULATOR_KEY not in data or path.startswith(LIBRARIES), path


def test_the_same_input_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for path in (*(path for path in built.paths if not path.startswith((LIBRARIES, "__pycache__"))), ".funcignore"):
        if "__pycache__" not in path:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            source = PROJECT / path if path == ".funcignore" else built.content / path
            (project / path).write_bytes(source.read_bytes())
    # pip is not asked twice: the libraries as they were installed, without bytecode.
    shutil.copytree(built.content.parent / "libraries", tmp_path / "output" / "libraries")
    again = build(project=project, output=tmp_path / "output")
    assert again.digest == built.digest
