"""Deploying to a physical imp and reading its log through impCentral (facts: impcentral.yaml).

A program reaches an imp only through the vendor's cloud: a deployment is created for the imp's device group,
then the device is restarted. Its log comes back as a stream of server-sent events, opened before the restart
so that nothing of the new program's output is missed.
"""

import contextlib
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from benchctl.buses.clock import Clock
from benchctl.dut.deploy import Deployment, LogEntry
from benchctl.errors import BenchError, BusTimeoutError, UserError

ENDPOINT = "https://api.electricimp.com/v5"
KEY_VARIABLE = "BENCHCTL_IMPCENTRAL_KEY"
_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Account:
    """Where the imp is registered.

    Attributes:
        device: device id (or MAC address, or agent id).
        group: id of the device group the device is alone in, so that a restart touches one board.
        group_type: type of that group (dg-types).
        endpoint: base URL; another one for a private impCloud.
    """

    device: str
    group: str
    group_type: str = "development_devicegroup"
    endpoint: str = ENDPOINT


class CloudError(BenchError):
    """impCentral refused a request or cannot be reached."""


class ImpCentral(Deployment):
    """A physical imp, by way of impCentral.

    Args:
        account: which device, in which group.
        clock: bench time, for stamping log entries.
        key: login key (auth-login-key); by default taken from the environment.
    """

    def __init__(self, account: Account, clock: Clock, key: str | None = None) -> None:
        self._account, self._clock = account, clock
        self._web = requests.Session()
        self._sign_in(key or os.environ.get(KEY_VARIABLE, ""))
        self._entries: deque[LogEntry] = deque()
        self._wake_out, self._wake_in = os.pipe()
        self._stream = self._open_log()
        self._reader = clock.spawn(self._follow_log, "impCentral log stream")

    def deploy(self, source: str, name: str) -> None:
        """Create a deployment for the group and restart the device (deployment-create, device-restart)."""
        group = {"type": self._account.group_type, "id": self._account.group}
        body = {
            "data": {
                "type": "deployment",
                "attributes": {"device_code": source, "agent_code": "", "description": f"benchctl: {name}"},
                "relationships": {"devicegroup": group},
            }
        }
        try:
            self._request("POST", "/deployments", body)
        except CloudError as error:
            raise UserError(f"impCentral does not take {name}: {error.what}", error.cure) from error
        self._request("POST", f"/devices/{self._account.device}/restart")

    def read_log(self, timeout_s: float) -> LogEntry | None:
        """The next log entry of the device."""
        if not self._entries and self._clock.wait_readable(self._wake_out, timeout_s):
            os.read(self._wake_out, 4096)
        return self._entries.popleft() if self._entries else None

    def idle(self) -> bool | None:
        """Nobody outside a physical imp knows whether its program still waits for something."""
        return None

    def close(self) -> None:
        """Stop following the log."""
        self._stream.close()
        self._web.close()
        with contextlib.suppress(BusTimeoutError):  # a read that the close did not end holds the pipe open
            self._reader.join(1.0)
            os.close(self._wake_in)
            os.close(self._wake_out)

    def _sign_in(self, key: str) -> None:
        if not key:
            raise UserError(
                f"no impCentral login key: {KEY_VARIABLE} is not set",
                "create a login key in impCentral and put it into that environment variable",
            )
        answer = self._request("POST", "/auth/token", {"key": key})
        self._web.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def _open_log(self) -> requests.Response:
        """ls-create, ls-open, ls-add-device."""
        stream = self._request("POST", "/logstream")["data"]["id"]
        url = f"{self._account.endpoint}/logstream/{stream}"
        try:
            response = self._web.get(f"{url}?format=json", stream=True, timeout=(_TIMEOUT_S, None))
        except requests.RequestException as error:
            raise _unreachable(error) from error
        self._request("PUT", f"/logstream/{stream}/{self._account.device}")
        return response

    def _follow_log(self) -> None:
        try:
            for event, data in _server_sent(self._stream.iter_lines(chunk_size=1)):
                if event == "message":
                    fields = json.loads(data)
                    entry = LogEntry(
                        self._clock.now_ns(), str(fields.get("type", "")), str(fields.get("msg", ""))
                    )
                    self._entries.append(entry)
                    os.write(self._wake_in, b".")
        except (requests.RequestException, AttributeError, ValueError):
            return  # closed by `close`, or by the service: what was read stays readable

    def _request(self, method: str, path: str, body: object = None) -> Any:
        url = self._account.endpoint + path
        try:
            response = self._web.request(method, url, json=body, timeout=_TIMEOUT_S)
        except requests.RequestException as error:
            raise _unreachable(error) from error
        if not response.ok:
            raise CloudError(f"{method} {path}: {_problem(response)}", _cure(response.status_code))
        return response.json() if response.content else {}


def _server_sent(lines: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    """Events of a server-sent event stream as (event, data)."""
    event, data = "message", list[str]()
    for raw in lines:
        line = raw.decode("utf-8", "replace")
        if not line:
            if data:
                yield event, "\n".join(data)
            event, data = "message", []
        elif line.startswith("event:"):
            event = line[6:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))


def _problem(response: requests.Response) -> str:
    try:
        first = response.json()["errors"][0]
        return f"{first.get('title', '')}: {first.get('detail', '')}".strip(": ")
    except (ValueError, KeyError, IndexError, TypeError):
        return f"HTTP {response.status_code}"


def _cure(status: int) -> str:
    if status == 401:
        return f"the login key in {KEY_VARIABLE} is wrong or no longer valid: make a new one in impCentral"
    if status == 404:
        return "check the device and group ids under `deploy` in the rig file"
    return "impCentral's answer says what is wrong"


def _unreachable(error: Exception) -> CloudError:
    return CloudError(
        f"impCentral cannot be reached ({type(error).__name__})", "check the network and the endpoint"
    )
