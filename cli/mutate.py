"""`./snr mutate`: breaks the booking rules one line at a time and names what no test notices.

mutmut works on a copy of the checkout, with the tests of `simulator/domain` alone.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lake.errors import LakeError
from lake.places import CHECKOUT

DOMAIN = Path("simulator", "domain")
TESTS = Path("tests", DOMAIN)
NOT_COPIED = shutil.ignore_patterns(".*", "var", "__pycache__", "mutants")
MUTMUT = (sys.executable, "-m", "mutmut")


def run(path: Path) -> None:
    """A file or folder in simulator/domain. Raises LakeError where a mutant survives."""
    target = _in_domain(path)
    with tempfile.TemporaryDirectory(prefix="snr-mutants-") as folder:
        copy = Path(folder, CHECKOUT.name)
        shutil.copytree(CHECKOUT, copy, ignore=NOT_COPIED)
        with (copy / "pyproject.toml").open("a") as settings:
            settings.write(_settings(target))
        subprocess.run([*MUTMUT, "run"], cwd=copy, check=True)
        survivors = _survivors(copy)
        for name in survivors:
            subprocess.run([*MUTMUT, "show", name], cwd=copy, check=True)
    if survivors:
        raise LakeError(
            f"{len(survivors)} mutants of {target} survived; they are shown above.",
            "Write the test that notices each, or delete the code that nothing needs.",
        )
    print(f"No mutant of {target} survived.")


def _in_domain(path: Path) -> Path:
    whole = (CHECKOUT / path).resolve()
    if not (whole.exists() and whole.is_relative_to(CHECKOUT / DOMAIN)):
        raise LakeError(f"{path} is no file or folder in {DOMAIN}.", f"Name one: {DOMAIN}/...py")
    return whole.relative_to(CHECKOUT)


def _settings(target: Path) -> str:
    only = target if target.suffix else target / "*"
    return f"""
[tool.mutmut]
source_paths = ["simulator"]
only_mutate = ["{only}"]
also_copy = ["lake", "flows", "dashboard", "cli", "hospital.toml"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "--durations=0", "--hypothesis-profile=quick"]
pytest_add_cli_args_test_selection = ["{TESTS}"]
"""


def _survivors(copy: Path) -> list[str]:
    """What mutmut's results name, a line `name: status` each; a mutant that hangs was noticed."""
    told = subprocess.run(
        [*MUTMUT, "results"], cwd=copy, check=True, capture_output=True, text=True
    ).stdout
    lines = (line.strip().rpartition(": ") for line in told.splitlines() if line.strip())
    return [name for name, _, status in lines if status not in {"killed", "timeout"}]
