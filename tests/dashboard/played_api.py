"""An API on a port of its own that answers what a test wants."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from pydantic import BaseModel

from simulator.wire import answers as w


@dataclass
class PlayedApi:
    """`answers` maps `METHOD /path` to (status, answer); `requests` is what was asked.

    Answers are the wire's own models, as the API makes them: a field that is renamed there is
    renamed for the pages that read it.
    """

    port: int
    answers: dict[str, tuple[int, BaseModel]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    def ready(self, head_seq: int) -> None:
        ready = w.Ready(status="ok", head_seq=head_seq, mode="demo")
        self.answers["GET /health/ready"] = (200, ready)
        self.answers["GET /lounge"] = (200, w.Lounge(places=0, items=[]))

    def refuse(self, route: str, status: int, code: str, detail: str, **more: Any) -> None:
        problem = w.Problem(status=status, code=code, detail=detail, **more)
        self.answers[route] = (status, problem)

    def silence(self) -> None:
        self.answers.clear()

    def sent(self, route: str) -> list[Any]:
        return [body for asked, _, body in self.requests if asked == route]


@contextmanager
def playing() -> Iterator[PlayedApi]:
    played = PlayedApi(port=0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(played))
    played.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield played
    server.shutdown()
    server.server_close()
    thread.join()


def clock(hospital_at: datetime) -> w.Clock:
    return w.Clock(
        hospital_at=hospital_at,
        wall_at=datetime.now(UTC),
        speed=60.0,
        running=True,
        time_zone="Asia/Kolkata",
    )


def page_of(*items: Any) -> w.Page[Any]:
    return w.Page[Any](items=[*items], next=None)


def _handler(played: PlayedApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self) -> None:
            route = f"{self.command} {self.path.split('?', maxsplit=1)[0]}"
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            played.requests.append((route, dict(self.headers), body))
            if route not in played.answers:  # silent: hang up
                self.close_connection = True
                return
            status, answer = played.answers[route]
            content = answer.model_dump_json().encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 - http.server's own names

    return Handler
