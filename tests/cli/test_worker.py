"""What a worker does before it works."""

from typing import Any

import httpx
import pytest

from cli import worker
from lake.places import Places

SERVER = "http://127.0.0.1:1/api"


def test_only_runs_that_a_schedule_made_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watcher may have asked for the stream while the worker was down."""
    runs = [{"id": "by_schedule", "auto_scheduled": True}, {"id": "asked", "auto_scheduled": False}]
    ended: list[tuple[str, str]] = []

    def post(url: str, json: dict[str, Any], **_: object) -> httpx.Response:
        if url.endswith("/set_state"):
            ended.append((url.split("/")[-2], json["state"]["name"]))
        return httpx.Response(200, json=runs, request=httpx.Request("POST", url))

    monkeypatch.setattr(httpx, "post", post)
    worker.skip_missed_runs(SERVER)
    assert ended == [("by_schedule", "Skipped")]


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ({}, ["pool", "--all"]),
        ({"pool": 200, "flows": 200, "version": "of an earlier version"}, ["pool", "--all"]),
        ({"pool": 404, "flows": 200, "version": "today's"}, ["pool", "--all"]),
        ({"pool": 200, "flows": 200, "version": "today's"}, []),
    ],
    ids=["first start", "another version", "a pool that was deleted", "as it was"],
)
def test_what_the_server_has_is_not_deployed_again(
    places: Places, known: dict[str, Any], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []

    def get(url: str, **_: object) -> httpx.Response:
        status = known.get("pool" if "work_pools" in url else "flows", 404)
        body = {"version": known.get("version")}
        return httpx.Response(status, json=body, request=httpx.Request("GET", url))

    monkeypatch.setattr(httpx, "get", get)
    monkeypatch.setattr(worker, "digest", lambda: "today's")
    monkeypatch.setattr(worker, "make_pool", lambda _: commands.append("pool"))
    monkeypatch.setattr(worker, "_prefect", lambda *words: commands.append(words[-1]))
    monkeypatch.setattr(worker, "skip_missed_runs", lambda _: None)
    monkeypatch.setattr(worker, "start_run", lambda *_: None)
    worker.deploy(SERVER, places)
    assert commands == asked


def test_a_stack_is_deployed_once(tmp_path) -> None:
    note = tmp_path / "deployed_by"
    assert not worker.is_of_this_stack(note)
    note.write_text("1 12.5")
    assert not worker.is_of_this_stack(note)
    note.write_text(worker._this_stack())
    assert worker.is_of_this_stack(note)
