"""`./snr check`: style, types, security, import contracts, declared packages, generated docs."""

import subprocess
import sys
from pathlib import Path

from cli import docs
from lake.errors import LakeError
from lake.places import CHECKOUT

PACKAGES = ("lake", "simulator", "flows", "dashboard", "cli")
STEPS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("mypy",),
    "security": ("bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", *PACKAGES),
    "imports": ("lint-imports",),
    "packages": ("deptry", "."),
}


def run() -> None:
    failed = [name for name, command in STEPS.items() if not _passes(name, command)]
    stale = docs.stale()
    if stale:
        print(f"docs: not current: {', '.join(stale)}", file=sys.stderr)
        failed.append("docs")
    if failed:
        raise LakeError(
            f"Not clean: {', '.join(failed)}.",
            "Mend what is shown above (python -m cli.docs writes the generated docs).",
        )
    print(f"All clean: {', '.join(STEPS)}, docs.")


def _passes(name: str, command: tuple[str, ...]) -> bool:
    tool = str(Path(sys.executable).parent / command[0])
    print(f"{name}: {' '.join(command)}", file=sys.stderr)
    done = subprocess.run([tool, *command[1:]], cwd=CHECKOUT, stdout=sys.stderr, check=False)
    return done.returncode == 0
