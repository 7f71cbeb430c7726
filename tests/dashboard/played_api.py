"""An API on a port of its own that answers what a test wants."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class PlayedApi:
    """`answers` maps `METHOD /path` to (status, body); `requests` is what was asked."""

    port: int
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    def ready(self, head_seq: int) -> None:
        self.answers["GET /health/ready"] = (200, {"status": "ok", "head_seq": head_seq})

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


def clock(hospital_at: datetime) -> dict[str, Any]:
    return {
        "hospital_at": hospital_at.isoformat(),
        "wall_at": datetime.now(UTC).isoformat(),
        "speed": 60.0,
        "running": True,
        "time_zone": "Asia/Kolkata",
    }


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
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 - http.server's own names

    return Handler
