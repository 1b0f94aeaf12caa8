"""The sandbox's certificates: kept while they are of use."""

from pathlib import Path

import pytest

from local.sandbox import serving
from local.sandbox.certificates import certificates_in
from tests.stack.test_sandbox_utility_cloud import bearer


async def test_a_folder_of_certificates_is_used_again(tmp_path: Path) -> None:
    async with serving(certificates=tmp_path) as first:
        before = first.ca_bundle.read_bytes()
    async with serving(certificates=tmp_path) as second:
        assert second.ca_bundle.read_bytes() == before
        assert await bearer(second)
    assert (tmp_path / "server.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("spoilt", ["server.pem", "ca.pem"])
@pytest.mark.parametrize("how", ["damaged", "gone", "another's"])
async def test_certificates_that_are_of_no_use_are_made_anew(tmp_path: Path, spoilt: str, how: str) -> None:
    folder, other = tmp_path / "one", tmp_path / "other"
    certificates_in(folder)
    certificates_in(other)
    match how:
        case "damaged":
            (folder / spoilt).write_text("damaged")
        case "gone":
            (folder / spoilt).unlink()
        case _:
            (other / spoilt).replace(folder / spoilt)
    async with serving(certificates=folder) as sandbox:
        assert await bearer(sandbox)
