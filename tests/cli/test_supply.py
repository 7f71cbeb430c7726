"""What the installation is made of: asked about, listed, under licences that are allowed."""

import json
import re
from pathlib import Path
from zipfile import ZipFile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from cli import check, supply
from lake.errors import LakeError
from lake.places import CHECKOUT
from tests.cli.test_commands import has_cause_and_fix, snr_here


def tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o700)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'Traceback:' >&2; echo 'ConnectionError: no such host' >&2; exit 1",
         "could not be asked: ConnectionError: no such host"),
        ("echo 'ERROR: x: not found, could not be audited' >&2; exit 1", "could not be asked"),
        ("echo 'left-pad 1.0 PYSEC-1'; exit 1", "have known vulnerabilities"),
    ],
    ids=["no network", "one package left out", "a hole"],
)  # fmt: skip
def test_an_audit_that_did_not_find_all_clean_fails_and_says_why(
    tmp_path, monkeypatch, script, says
) -> None:
    tool(tmp_path, "pip-audit", script)
    monkeypatch.setattr(supply, "BIN", tmp_path)
    with pytest.raises(LakeError, match=says):
        supply.audit()


def test_an_audit_asks_about_every_locked_package(tmp_path, monkeypatch, capsys) -> None:
    tool(tmp_path, "pip-audit", f'case "$*" in *--strict*{supply.LOCK}) exit 0;; esac; exit 2')
    monkeypatch.setattr(supply, "BIN", tmp_path)
    supply.audit()
    assert "No known vulnerabilities" in capsys.readouterr().out


def test_a_jar_is_listed_with_whose_it_is_and_its_digest(tmp_path) -> None:
    jar = tmp_path / "some-thing_2.13-1.2.3.jar"
    with ZipFile(jar, "w") as parts:
        parts.writestr("META-INF/maven/org.example/some-thing_2.13/pom.properties", "")
    listed = supply.component(jar)
    assert listed["purl"] == "pkg:maven/org.example/some-thing_2.13@1.2.3"
    assert len(listed["hashes"][0]["content"]) == 64


def test_what_is_installed_is_listed_in_a_form_that_others_read(tmp_path) -> None:
    done = snr_here(tmp_path, "supply", "sbom", "--output", str(tmp_path / "sbom.json"))
    assert done.returncode == 0, done.stderr
    listed = json.loads((tmp_path / "sbom.json").read_text())
    names = {one["name"] for one in listed["components"]}
    assert {"fastapi", "delta-storage", "spark-core_2.13"} <= names
    assert listed["metadata"]["component"]["name"] == "snr-hospitals"
    few = listed | {"components": [*listed["components"][:2], *listed["components"][-2:]]}
    text = json.dumps(few | {"dependencies": []})  # all of them take 20 s
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_every_package_has_a_licence_that_is_allowed(tmp_path) -> None:
    done = snr_here(tmp_path, "supply", "licences")
    assert done.returncode == 0, done.stderr
    assert re.search(r"fastapi +\S+ +MIT", done.stdout)


def test_a_licence_that_is_not_allowed_is_refused(tmp_path, monkeypatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pip-licenses]\nallow-only = "0BSD"\n')
    monkeypatch.setattr(supply, "CHECKOUT", tmp_path)
    done = snr_here(tmp_path, "supply", "licences")
    has_cause_and_fix(done, "A licence is not on the list")


def test_each_exception_from_a_security_rule_gives_its_reason() -> None:
    files = (file for package in check.PACKAGES for file in (CHECKOUT / package).rglob("*.py"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert [one for one in lines if re.search(r"# (noqa: S\d+|nosec B\d+)\s*$", one)] == []
