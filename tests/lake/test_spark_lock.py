"""The lock of the tables that a Spark process writes outlives its Python."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lake.errors import LakeError, TableOwnedElsewhere
from lake.places import CHECKOUT, Places
from lake.spark import JARS, _jars
from lake.tables import Owner
from lake.upkeep.ownership import own

WRITER = """
import sys, time
from pathlib import Path
from lake.upkeep.ownership import own
from lake.places import Places
from lake.spark import hold_in_jvm, session
from lake.tables import Owner

with own(Places(Path(sys.argv[1]), sys.argv[1] + "/lake"), Owner.STREAM, "the writer") as lock:
    spark = session("writer")
    with hold_in_jvm(spark, lock):
        print("holding", flush=True)
        time.sleep(600)
"""


def can_own(places: Places) -> bool:
    try:
        with own(places, Owner.STREAM, "the test"):
            return True
    except TableOwnedElsewhere:
        return False


@pytest.mark.usefixtures("jvm")
def test_the_lock_is_free_only_when_the_jvm_is_gone(tmp_path: Path) -> None:
    """The JVM is stopped first, so that it cannot notice that its Python was killed."""
    places = Places(tmp_path, str(tmp_path / "lake"))
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == "holding"
        [jvm] = [p for p in psutil.Process(writer.pid).children(True) if "java" in p.name()]
        jvm.send_signal(signal.SIGSTOP)
        writer.kill()
        writer.wait()

        assert not can_own(places)

        jvm.send_signal(signal.SIGCONT)
        jvm.wait(30)
        time.sleep(0.1)
        assert can_own(places)


def test_missing_jars_are_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(jar.parent == JARS for jar in _jars())
    monkeypatch.setattr("lake.spark.JARS", tmp_path)

    with pytest.raises(LakeError, match=r"delta-spark_4\.2_2\.13-4\.4\.0\.jar") as raised:
        _jars()

    assert "./snr" in raised.value.fix
