"""The server of the statistics pages, which also answers Ray's probes where Ray looks for Grafana.

It reads and never writes. An address names an OUT by its number and below it a dataset, a split, a shard's number and
a sample's place; no path ever comes from an address, so there is none to leave the OUTs by.
"""

from __future__ import annotations

import functools
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from shards.layout import LAST_NUMBER, ShardName
from shards.pages.clip import mel_png
from shards.pages.figures import LIVE_SCRIPT, POLICY, Links, page
from shards.pages.html import element
from shards.pages.overview import dataset_page, overview_page, split_page
from shards.pages.shard_page import LARGEST_PICTURE, Rows, shard_page
from shards.pages.watch import SplitState, Watch
from shards.schema import ShardError
from shards.storage import Storage, StorageError
from shards.stream.reader import decode_flac

DASHBOARD_UID = "qwen-audio-shards"  # under this name Ray's Metrics tab asks for the page
LARGEST_PART = 8 << 20  # bytes sent for one request of a part of a clip
KEPT_SHARDS = 16  # whose index rows stay in memory
IDLE_SECONDS = 30  # after which a connection is closed

# The main part of a page is fetched again while the page is seen; a player or an unfolded table is not disturbed.
LIVE = """
const every = 4000;
let lost = null;
async function renew() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, {cache: "no-store"});
    if (!answer.ok) throw new Error(answer.status);
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    const live = document.getElementById("live");
    if (made && made.innerHTML !== live.innerHTML && !String(getSelection())) {
      const open = [...live.querySelectorAll("details[open]")].map((one) => one.id);
      for (const id of open) if (id && made.querySelector("#" + id)) made.querySelector("#" + id).open = true;
      const across = [...live.querySelectorAll(".wide")].map((one) => one.scrollLeft);
      live.replaceChildren(...made.childNodes);
      [...live.querySelectorAll(".wide")].forEach((one, place) => { one.scrollLeft = across[place] || 0; });
    }
    if (lost) { lost.remove(); lost = null; }
  } catch (error) {
    if (!lost) {
      lost = document.createElement("div");
      lost.className = "lost";
      lost.textContent = "The dashboard does not answer; these are its last figures.";
      document.body.append(lost);
    }
  }
}
setInterval(renew, every);
document.addEventListener("visibilitychange", renew);
"""

logger = logging.getLogger(__name__)


class PageServer(ThreadingHTTPServer):
    """Serves the pages of what a Watch sees."""

    daemon_threads = True

    def __init__(self, host: str, port: int, watch: Watch) -> None:
        """Listens from now on; `port` 0 takes a free one.

        Raises:
            OSError: the port is taken, or the host is not this machine's.
        """
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)
        self.watch = watch
        # A page elsewhere that lets its name point here would otherwise read what is meant for this machine alone.
        self.hosts = {"localhost", "127.0.0.1", "[::1]"} if is_loopback(host) else None

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, name="pages", daemon=True).start()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d+){3}", host) is not None


class _NotFoundError(Exception):
    """There is nothing at this address."""


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "shards", ""
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """Answer a request."""
        try:
            self._route()
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True  # the reader went away
        except _NotFoundError:
            self._page(_message("Nothing here", "There is no such page, or it is gone."), HTTPStatus.NOT_FOUND)
        except (ShardError, StorageError, FileNotFoundError) as error:
            self._page(_message("This cannot be read", str(error)), HTTPStatus.NOT_FOUND)
        except Exception:  # one bad request must not end the server, nor tell its insides
            logger.exception("event=request_failed path=%r", self.path[:200])
            self._page(_message("Error", "The log of the dashboard says more."), HTTPStatus.INTERNAL_SERVER_ERROR)

    do_HEAD = do_GET  # noqa: N815

    def _route(self) -> None:
        if self.server.hosts is not None:
            host = re.sub(r":\d+$", "", self.headers.get("Host", "localhost")).lower()
            if host not in self.server.hosts:
                self._page(_message("Not here", "This server answers on its own machine only."), HTTPStatus.FORBIDDEN)
                return
        address = urlsplit(self.path)
        parts = [unquote(part) for part in address.path.split("/") if part]
        query = {key: values[-1] for key, values in parse_qs(address.query).items()}
        theme = query.get("theme")
        links = Links(theme if theme in ("light", "dark") else None)
        match parts:
            case [] | ["d", "qwen-audio-shards", *_]:
                self._page(overview_page(self.server.watch.outs(), links, time.time()))
            case ["shards", *place]:
                self._page(self._shards(place, query, links))
            case [("audio" | "mel") as kind, out, dataset, split, number, row, clip]:
                self._clip(kind, self._split(out, dataset, split), _number(number), _number(row), _number(clip))
            case ["live.js"]:
                assert f"/{parts[0]}" == LIVE_SCRIPT
                self._send(LIVE.encode(), "text/javascript; charset=utf-8")
            case ["api", "health"]:
                self._json({"database": "ok", "version": "shards"})  # what Ray asks Grafana
            case ["api", "v1", *_]:
                self._json({"status": "success", "data": {"resultType": "vector", "result": []}})  # … and Prometheus
            case ["d" | "d-solo", *_]:
                text = "This Ray head shows the statistics of shards in place of Grafana's panels."
                self._page(_message("No Grafana here", text, links))
            case _:
                raise _NotFoundError

    def _shards(self, place: list[str], query: Mapping[str, str], links: Links) -> str:
        number, now = _number(query.get("page", "1")), time.time()
        outs = self.server.watch.outs()
        if not place or _number(place[0]) >= len(outs):
            raise _NotFoundError
        out = outs[_number(place[0])]
        storage = self.server.watch.storages[_number(place[0])]
        made: str | None = None
        match place[1:]:
            case [dataset]:
                made = dataset_page(out, dataset, links, now)
            case [dataset, split]:
                made = split_page(storage, out, self._split(place[0], dataset, split), links, now, number)
            case [dataset, split, shard]:
                state = self._split(place[0], dataset, split)
                made = shard_page(storage, out, state, self._shard(state, _number(shard)), links, now, number)
        if made is None:
            raise _NotFoundError
        return made

    def _split(self, out: str, dataset: str, split: str) -> SplitState:
        state = self.server.watch.split(_number(out), dataset, split)
        if state is None:
            raise _NotFoundError
        return state

    @staticmethod
    def _shard(split: SplitState, number: int) -> ShardName:
        if number not in split.shards:
            raise _NotFoundError
        return ShardName(split.dataset, split.split, number)

    def _clip(self, kind: str, split: SplitState, number: int, row: int, clip: int) -> None:
        """A clip as sound, whole or in part, or as a picture."""
        shard, storage = self._shard(split, number), self.server.watch.storages[split.out]
        place = _rows(storage, shard, storage.size(shard.parquet)).clip(row, clip)
        if place is None:
            raise _NotFoundError
        offset, size = place
        # Whatever an index says: what is no FLAC does not leave the machine.
        if storage.read_range(shard.tar, offset, 4) != b"fLaC":
            raise ShardError(f"{storage.full(shard.tar)}: at byte {offset} there is no FLAC; see make verify")
        if kind == "mel":
            if size > LARGEST_PICTURE:
                raise _NotFoundError
            waveform = decode_flac(storage.read_range(shard.tar, offset, size), storage.full(shard.tar))
            self._send(mel_png(waveform), "image/png", {"Cache-Control": "private, max-age=300"})
            return
        part = _wanted_part(self.headers.get("Range"), size)
        if part is None:
            blocks = (
                storage.read_range(shard.tar, offset + start, min(LARGEST_PART, size - start))
                for start in range(0, size, LARGEST_PART)
            )
            self._send_blocks(blocks, size, "audio/flac", {"Accept-Ranges": "bytes"})
        elif part[0] >= size:
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            self._send(b"", "audio/flac", {"Content-Range": f"bytes */{size}"}, status)
        else:
            first, last = part
            data = storage.read_range(shard.tar, offset + first, last - first + 1)
            told = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/{size}"}
            self._send(data, "audio/flac", told, HTTPStatus.PARTIAL_CONTENT)

    def _page(self, text: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(text.encode("utf-8", "replace"), "text/html; charset=utf-8", status=status)

    def _json(self, document: object) -> None:
        self._send(json.dumps(document).encode(), "application/json")

    def _send(
        self, data: bytes, kind: str, headers: Mapping[str, str] | None = None, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self._send_blocks([data], len(data), kind, headers or {}, status)

    def _send_blocks(
        self,
        blocks: Iterable[bytes],
        size: int,
        kind: str,
        headers: Mapping[str, str],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> None:
        self.send_response(status)
        always = {
            "Content-Type": kind,
            "Content-Length": str(size),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        for name, value in (always | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            for block in blocks:
                self.wfile.write(block)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not news."""


@functools.lru_cache(maxsize=KEPT_SHARDS)
def _rows(storage: Storage, shard: ShardName, size: int | None) -> Rows:
    """The index rows of a shard; read again when the file's size has changed."""
    del size
    return Rows(storage, shard)


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise _NotFoundError
    return min(int(text), 10 * LAST_NUMBER)


def _wanted_part(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte asked for by a Range header; None: the whole, as where the header is none of ours.

    A part is cut at `LARGEST_PART`: a reader that wants more asks again.
    """
    found = re.fullmatch(r"bytes=([0-9]{1,15})?-([0-9]{1,15})?", header or "", re.ASCII)
    if found is None or (found[1] is None and found[2] is None):
        return None
    if found[1] is None:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    return None if first > last and first < size else (first, min(last, first + LARGEST_PART - 1))


def _message(title: str, text: str, links: Links | None = None) -> str:
    links = links or Links(None)
    back = element("p", element("a", "The statistics of the shards", href=links()))
    return page(title, links, element("h1", title), element("p", text), back, live=False)
