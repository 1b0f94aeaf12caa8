"""The deployment's hook makes the administrator's key once, and never tells it."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from infra.hooks.platform_admin_key import HASH, KEY, NEEDED, settle

PROJECT = Path(__file__).parents[2]


class VaultInMemory:
    """What is in it, and what was written in which order."""

    def __init__(self, **kept: str) -> None:
        self.kept = {name.replace("_", "-"): secret for name, secret in kept.items()}
        self.written: list[str] = []

    def read(self, name: str) -> str | None:
        return self.kept.get(name)

    def write(self, name: str, secret: str) -> None:
        self.kept[name] = secret
        self.written.append(name)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def test_an_empty_vault_gets_a_key_and_its_hash() -> None:
    vault, other = VaultInMemory(), VaultInMemory()
    said = settle(vault)
    settle(other)
    assert vault.written == [KEY, HASH]
    assert vault.kept[HASH] == _hash(vault.kept[KEY])
    assert len(vault.kept[KEY]) >= 43
    assert vault.kept[KEY] != other.kept[KEY]
    assert vault.kept[KEY] not in said


def test_what_is_there_is_left_alone() -> None:
    vault = VaultInMemory(platform_admin_key="kept", platform_admin_key_hash=_hash("kept"))
    settle(vault)
    assert vault.written == []


@pytest.mark.parametrize("stale", [None, _hash("the key before")])
def test_the_hash_follows_the_key(stale: str | None) -> None:
    vault = VaultInMemory(platform_admin_key="new")
    if stale is not None:
        vault.kept[HASH] = stale
    settle(vault)
    assert vault.written == [HASH]
    assert vault.kept[HASH] == _hash("new")


def test_outside_a_deployment_it_names_what_is_missing() -> None:
    command = [sys.executable, "-m", "infra.hooks.platform_admin_key"]
    done = subprocess.run(command, cwd=PROJECT, env={}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert all(name in done.stderr for name in NEEDED)
