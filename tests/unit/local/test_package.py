"""What may be in the package that is deployed, and what stops it."""

import re
import zipfile
from pathlib import Path

import pytest

from local.package import PackageFaulty, build
from local.package.archive import write_archive
from local.package.bytecode import compile_all
from local.package.libraries import missing_from
from local.package.own_files import own_files

PROJECT = Path(__file__).parents[3]
REFUSED = {
    "functions/.env",
    "functions/key.pem",
    "shared/dump.json",
    "functions/pages/assets/photo.png",
    "shared/notes",
}
LEFT_OUT = {
    ".azure/production/.env",
    ".env",
    ".github/workflows/deliver.yml",
    "azure.yaml",
    "docs/delivery.md",
    "infra/main.bicep",
    "local.settings.json",
    "local/demo/show.py",
    "shared/__pycache__/money.cpython-313.pyc",
    "tests/unit/test_money.py",
    "a_new_folder/some.py",
}
APP = {
    "function_app.py": "app = None\n",
    "host.json": "{}",
    "requirements.txt": "",
    "functions/door.py": "import shared\n",
    "functions/pages/templates/page.html": "<p>",
    "shared/__init__.py": "",
}


def _project(folder: Path, *more: str) -> Path:
    for path, text in {**APP, **dict.fromkeys(more, "x = 1\n")}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / ".funcignore").write_text((PROJECT / ".funcignore").read_text())
    return folder


def test_exactly_the_apps_files_are_taken_and_what_is_new_in_the_project_is_not(tmp_path: Path) -> None:
    assert set(own_files(_project(tmp_path, *LEFT_OUT))) == APP.keys()


def test_every_module_of_the_app_is_taken() -> None:
    taken = {path for path in own_files(PROJECT) if path.endswith(".py")}
    modules = [file for room in ("functions", "shared") for file in (PROJECT / room).rglob("*.py")]
    assert taken == {"function_app.py", *(file.relative_to(PROJECT).as_posix() for file in modules)}


@pytest.mark.parametrize("path", sorted(REFUSED))
def test_a_file_that_the_app_is_not_made_of_is_refused_by_name(tmp_path: Path, path: str) -> None:
    with pytest.raises(PackageFaulty, match=f"not made of these: {path}"):
        own_files(_project(tmp_path, path))


def test_a_link_is_refused_for_it_may_lead_anywhere(tmp_path: Path) -> None:
    _project(tmp_path)
    (tmp_path / "shared" / "elsewhere.py").symlink_to("/etc/hostname")
    with pytest.raises(PackageFaulty, match=r"shared/elsewhere\.py"):
        own_files(tmp_path)


@pytest.mark.parametrize("name", ["function_app.py", "host.json", "requirements.txt"])
def test_a_project_without_what_the_platform_looks_for_first_is_refused(tmp_path: Path, name: str) -> None:
    (_project(tmp_path) / name).unlink()
    with pytest.raises(PackageFaulty, match=f"{name} would not be deployed"):
        own_files(tmp_path)


def test_what_cannot_be_compiled_is_not_deployed(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def half(:\n")
    with pytest.raises(PackageFaulty, match=r"broken\.py"):
        compile_all(tmp_path)


def _installed(folder: Path, name: str, version: str, *requires: str) -> None:
    metadata = folder / f"{name}-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata.write_text("\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), ""]))


def test_a_library_that_lacks_another_is_told_and_what_is_for_elsewhere_is_not(tmp_path: Path) -> None:
    _installed(
        tmp_path,
        "Some_Library",
        "1.0",
        "there >= 2",
        "too-old >= 2",
        "absent",
        "for-windows; sys_platform == 'win32'",
        "for-old-pythons; python_version < '3.13'",
        "for-another-processor; platform_machine == 'aarch64'",
        "for-an-extra; extra == 'more'",
    )
    _installed(tmp_path, "there", "2.1")
    _installed(tmp_path, "too.old", "1.9")
    assert sorted(missing_from(tmp_path)) == [
        "Some_Library needs absent, there is none",
        "Some_Library needs too-old>=2, there is 1.9",
    ]


def test_an_archive_is_the_same_whatever_the_times_and_the_order(tmp_path: Path) -> None:
    archives = []
    for number, names in enumerate((["a.py", "b/c.py"], ["b/c.py", "a.py"])):
        content = tmp_path / str(number)
        for name in names:
            (content / name).parent.mkdir(parents=True, exist_ok=True)
            (content / name).write_text(f"# {name}\n" * 100)
            (content / name).chmod(0o600 + 0o077 * number)
        write_archive(content=content, paths=names, archive=content / "it.zip")
        archives.append((content / "it.zip").read_bytes())
    assert archives[0] == archives[1]


def test_the_content_keeps_its_bytecode_when_azd_zips_it(tmp_path: Path) -> None:
    # Without an ignore file of its own there, azd leaves every __pycache__ out.
    built = build(project=_project(tmp_path / "project"), output=tmp_path / "output")
    ignore = (built.content / ".funcignore").read_text()
    assert all(line.startswith("#") for line in ignore.splitlines())
    with zipfile.ZipFile(built.archive) as archive:
        assert set(archive.namelist()) == {
            *APP,
            "build.txt",
            "__pycache__/function_app.cpython-313.pyc",
            "functions/__pycache__/door.cpython-313.pyc",
            "shared/__pycache__/__init__.cpython-313.pyc",
        }


def test_a_package_has_a_name_that_follows_from_its_files(tmp_path: Path) -> None:
    project = _project(tmp_path / "project")

    def name() -> str:
        return (build(project=project, output=tmp_path / "output").content / "build.txt").read_text()

    first = name()
    assert re.fullmatch(r"[0-9a-f]{12}", first)
    assert name() == first
    (project / "functions" / "door.py").write_text("ANOTHER = 1\n")
    assert name() != first


def test_too_large_a_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageFaulty, match="more than 500"):
        build(project=_project(tmp_path / "project"), output=tmp_path / "output", most_bytes=500)


def test_a_library_that_there_is_no_wheel_of_is_told(tmp_path: Path) -> None:
    project = _project(tmp_path / "project")
    (project / "requirements.txt").write_text("./not-a-wheel-at-all\n")
    with pytest.raises(PackageFaulty, match=r"pip cannot install requirements\.txt"):
        build(project=project, output=tmp_path / "output")
