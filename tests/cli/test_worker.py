"""What a worker does before it works."""

import httpx
import pytest

from cli import worker
from lake.places import Places

SERVER = "http://127.0.0.1:1/api"


def test_only_runs_that_a_schedule_made_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watcher may have asked for the stream while the worker was down."""
    runs = [{"id": "by_schedule", "auto_scheduled": True}, {"id": "asked", "auto_scheduled": False}]
    deleted: list[str] = []

    def post(url: str, **_: object) -> httpx.Response:
        return httpx.Response(200, json=runs, request=httpx.Request("POST", url))

    def delete(url: str, **_: object) -> httpx.Response:
        deleted.append(url.rsplit("/", 1)[1])
        return httpx.Response(204, request=httpx.Request("DELETE", url))

    monkeypatch.setattr(httpx, "post", post)
    monkeypatch.setattr(httpx, "delete", delete)
    worker.forget_missed_runs(SERVER)
    assert deleted == ["by_schedule"]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Prefect's command line is asked for; `deploy` asks the server for no more than whether
    it knows the flows."""
    asked: list[str] = []
    monkeypatch.setattr(worker, "_prefect", lambda *words: asked.append(words[-1]))
    monkeypatch.setattr(worker, "forget_missed_runs", lambda _: None)
    monkeypatch.setattr(worker, "start_run", lambda *_: None)
    return asked


def test_what_was_deployed_before_is_not_deployed_again(
    places: Places, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [False, True, True, False]
    monkeypatch.setattr(worker, "is_deployed", lambda _: known.pop(0))
    (places.home / "run").mkdir(parents=True)
    worker.deploy(SERVER, places)
    assert commands == ["--overwrite", "--all"]
    worker.deploy(SERVER, places)
    assert commands == ["--overwrite", "--all"]
    monkeypatch.setattr(worker, "digest", lambda: "of a later version")
    worker.deploy(SERVER, places)
    assert commands == ["--overwrite", "--all"] * 2
    worker.deploy(SERVER, places)  # the server has lost its database
    assert commands == ["--overwrite", "--all"] * 3


def test_a_stack_is_deployed_once(tmp_path) -> None:
    note = tmp_path / "deployed_by"
    assert not worker.is_of_this_stack(note)
    note.write_text("1 12.5")
    assert not worker.is_of_this_stack(note)
    note.write_text(worker._this_stack())
    assert worker.is_of_this_stack(note)
