import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

from benchctl.adapters.monotonic import MonotonicClock
from benchctl.dut.impcentral import KEY_VARIABLE, Account, CloudError, ImpCentral
from benchctl.errors import UserError


class Cloud(BaseHTTPRequestHandler):
    """As much of impCentral as impcentral.yaml describes and the client uses."""

    seen: list[tuple[str, str, object]]
    log: Queue[str]
    refuse: bool

    def _answer(self, status: int, body: object = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.seen.append((self.command, self.path, body))
        if self.path == "/auth/token":
            good = isinstance(body, dict) and body["key"] == "good"
            self._answer(
                200 if good else 401,
                {"access_token": "t"} if good else {"errors": [{"title": "Unauthorized"}]},
            )
        elif self.headers.get("Authorization") != "Bearer t":
            self._answer(401, {"errors": [{"title": "no token"}]})
        elif self.path == "/logstream":
            self._answer(200, {"data": {"id": "ls1"}})
        elif self.path == "/deployments" and self.refuse:
            self._answer(
                400, {"errors": [{"title": "Compile Error", "detail": "device_code:3:1 expected ')'"}]}
            )
        else:
            self._answer(200, {"data": {}})

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        while (line := self.log.get()) != "end":
            self.wfile.write(line.encode())
            self.wfile.flush()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def cloud() -> Iterator[tuple[str, type[Cloud]]]:
    handler = type("Handler", (Cloud,), {"seen": [], "log": Queue(), "refuse": False})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    handler.log.put("end")
    server.shutdown()
    server.server_close()
    thread.join()


def test_deploys_restarts_and_reads_the_log(cloud: tuple[str, type[Cloud]]) -> None:
    url, handler = cloud
    imp = ImpCentral(Account("dev1", "dg1", endpoint=url), MonotonicClock(), "good")
    imp.deploy("server.log(1)", "one.nut")
    handler.log.put('event: state_change\ndata: {"state": "opened"}\n\n')
    handler.log.put('data: {"device_id": "dev1", "ts": "x", "type": "server.log", "msg": "1"}\n\n')
    entry = imp.read_log(5)
    assert entry is not None
    assert (entry.kind, entry.text) == ("server.log", "1")
    assert imp.read_log(0.01) is None
    handler.log.put("end")
    imp.close()
    calls = [(method, path) for method, path, _ in handler.seen]
    assert calls.index(("PUT", "/logstream/ls1/dev1")) < calls.index(("POST", "/devices/dev1/restart"))
    body = next(body for _, path, body in handler.seen if path == "/deployments")
    assert body["data"]["attributes"]["device_code"] == "server.log(1)"  # type: ignore[index]
    assert body["data"]["relationships"]["devicegroup"]["id"] == "dg1"  # type: ignore[index]


def test_a_program_that_does_not_compile_is_the_users_fault(cloud: tuple[str, type[Cloud]]) -> None:
    url, handler = cloud
    imp = ImpCentral(Account("dev1", "dg1", endpoint=url), MonotonicClock(), "good")
    handler.refuse = True
    with pytest.raises(UserError, match=r"bad\.nut.*device_code:3:1"):
        imp.deploy("(", "bad.nut")
    handler.log.put("end")
    imp.close()


def test_keys_that_are_missing_or_wrong(
    cloud: tuple[str, type[Cloud]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = cloud
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(UserError, match=KEY_VARIABLE):
        ImpCentral(Account("d", "g", endpoint=url), MonotonicClock())
    with pytest.raises(CloudError, match="make a new one"):
        ImpCentral(Account("d", "g", endpoint=url), MonotonicClock(), "bad")


def test_an_endpoint_that_is_not_there() -> None:
    with pytest.raises(CloudError, match="cannot be reached"):
        ImpCentral(Account("d", "g", endpoint="http://127.0.0.1:9"), MonotonicClock(), "good")
