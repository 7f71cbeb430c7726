"""`./snr supply`: known holes of what is installed, what that is, and under which licences."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lake.errors import LakeError
from lake.places import CHECKOUT

LOCK = CHECKOUT / "requirements.lock"
BIN = Path(sys.executable).parent
NAMED = re.compile(r"(?P<name>.+?)-(?P<version>\d.*)\.jar")
POM = re.compile(r"META-INF/maven/(?P<group>[^/]+)/(?P<name>[^/]+)/pom\.properties")


def audit() -> None:
    """Asks about each locked package. Raises LakeError for a hole, and where it cannot be asked:
    a package that was left out is no clean one."""
    options = ("--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off")
    done = _run("pip-audit", *options, "--vulnerability-service", "osv", "--requirement", str(LOCK))
    if done.returncode == 0:
        print("No known vulnerabilities in the locked packages. Java's are not asked about.")
    elif done.stdout.strip():
        print(done.stdout.strip())
        raise LakeError("Locked packages have known vulnerabilities.", "Lock newer ones.")
    else:
        raise LakeError(
            f"The vulnerability database could not be asked: {_last_line(done.stderr)}",
            "Run it where api.osv.dev can be reached; until then nothing is known.",
        )


def licences() -> None:
    """Which are allowed, pyproject.toml says. Raises LakeError for another one."""
    done = _run("pip-licenses")
    if done.returncode:
        raise LakeError(
            f"A licence is not on the list: {_last_line(done.stderr)}",
            "Leave the package out, or allow its licence in [tool.pip-licenses] of pyproject.toml.",
        )
    print(done.stdout.strip())


def sbom(output: Path | None) -> None:
    """CycloneDX, in JSON: Python's packages, and the Java libraries of Spark and of the lake."""
    own = str(CHECKOUT / "pyproject.toml")
    options = ("--pyproject", own, "--output-reproducible", "--no-validate")  # that takes 20 s
    done = _run("cyclonedx-py", "environment", *options, str(BIN / "python"))
    if done.returncode:
        raise LakeError(
            f"The packages could not be listed: {_last_line(done.stderr)}",
            "./snr doctor looks for the cause.",
        )
    text = json.dumps(with_jars(json.loads(done.stdout), _jars()), indent=2)
    if output:
        output.write_text(text)
    else:
        print(text)


def with_jars(listed: dict[str, Any], jars: list[Path]) -> dict[str, Any]:
    return listed | {"components": [*listed["components"], *map(component, jars)]}


def component(jar: Path) -> dict[str, Any]:
    """By its file's name; whose it is, it says itself, or `lake.spark` does."""
    found = NAMED.fullmatch(jar.name)
    name, version = (found["name"], found["version"]) if found else (jar.stem, "")
    group = _group(jar, name)
    return {
        "type": "library",
        "bom-ref": f"jar:{jar.name}",
        **({"group": group} if group else {}),
        "name": name,
        "version": version,
        "hashes": [{"alg": "SHA-256", "content": sha256(jar.read_bytes()).hexdigest()}],
        **({"purl": f"pkg:maven/{group}/{name}@{version}"} if group else {}),
    }


def _group(jar: Path, name: str) -> str:
    from lake.spark import groups

    with ZipFile(jar) as parts:
        poms = filter(None, map(POM.fullmatch, parts.namelist()))
        told = {pom["name"]: pom["group"] for pom in poms}
    return told.get(name) or groups().get(name, "")


def _jars() -> list[Path]:
    from lake.spark import JARS

    return sorted([*JARS.glob("*.jar"), *_of_pyspark()])


def _of_pyspark() -> Iterator[Path]:
    pyspark = find_spec("pyspark")
    if pyspark and pyspark.origin:
        yield from Path(pyspark.origin).parent.glob("jars/*.jar")


def _run(tool: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(BIN / tool), *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )


def _last_line(text: str) -> str:
    return next(iter(reversed(text.strip().splitlines())), "it said nothing")[:300]
