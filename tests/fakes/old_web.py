"""The old music web on one port: blogs by their host names, an archive of what is gone, and a host that means harm."""

import gzip
import json
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.fakes.old_web_pages import SITES, OldPage

ARCHIVE = "web.archive.org"
HOSTILE = "hostile.example"
BOMB = gzip.compress(b"<p>" + b"la " * 40_000_000)  # 120 MB of singing
RSL = "<rsl xmlns='https://rslstandard.org/rsl'><content url='/'><license><{0} type='usage'>{1}</{0}></license></content></rsl>"
ROBOTS = {
    "gullsandguitars.example": "User-agent: *\nDisallow: /wp-admin/\nSitemap: http://gullsandguitars.example/sitemap.xml\n",
    "slow.example": "User-agent: *\nCrawl-delay: 2\n",
    "closed.example": "User-agent: *\nDisallow: /\n",
    "noai.example": "User-agent: GPTBot\nDisallow: /\nUser-agent: CCBot\nDisallow: /\nUser-agent: *\nAllow: /\n",
    "rsl.example": "User-agent: *\nAllow: /\nLicense: http://rsl.example/license.xml\n",
    "openrsl.example": "User-agent: *\nAllow: /\nLicense: http://openrsl.example/license.xml\n",
    "signal.example": "User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n",
}
LICENCES = {"rsl.example": RSL.format("prohibits", "ai-train"), "openrsl.example": RSL.format("permits", "all")}
BROKEN_ROBOTS = {"stumbling.example": 503}
HOSTS = (
    *(host for host, _, _ in SITES),
    *ROBOTS,
    *BROKEN_ROBOTS,
    HOSTILE,
    ARCHIVE,
    *(f"many{i}.example" for i in range(8)),
)


@dataclass
class Asked:
    """A request. done: its answer was sent whole."""

    host: str
    path: str
    agent: str
    headers: dict[str, str]
    done: bool = False


@dataclass
class OldWeb:
    """pages: by host and path; gone: addresses that answer 404 and are held by the archive; moved: addresses and where they are now;
    delay_s: before each answer; asked: the requests so far."""

    pages: dict[tuple[str, str], OldPage]
    gone: dict[str, OldPage] = field(default_factory=dict)
    moved: dict[tuple[str, str], str] = field(default_factory=dict)
    delay_s: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    stopping: bool = False

    def resolve(self) -> dict[str, str]:
        """The setting that leads all hosts here."""
        return {f"{host}:80": f"127.0.0.1:{self.port}" for host in HOSTS}

    def times(self, host: str, path: str) -> int:
        return sum(one.host == host and one.path == path for one in self.asked)


@contextmanager
def old_web(pages: Iterable[OldPage], **settings: object) -> Iterator[OldWeb]:
    """The web until the end of the block."""
    web = OldWeb({(page.host, page.path): page for page in pages}, **settings)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            host = (self.headers.get("host") or "").partition(":")[0]
            asked = Asked(
                host, self.path, self.headers.get("user-agent", ""), {k.lower(): v for k, v in self.headers.items()}
            )
            web.asked.append(asked)
            time.sleep(web.delay_s)
            try:
                answer(self, web, host, asked)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    web.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        web.stopping = True
        http.shutdown()
        thread.join()
        http.server_close()


def send(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    request.send_response_only(status)
    for name, value in {
        "content-type": "text/html; charset=utf-8",
        "content-length": str(len(body)),
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def answer(request: BaseHTTPRequestHandler, web: OldWeb, host: str, asked: Asked) -> None:
    path = asked.path
    page = web.pages.get((host, path))
    if host == HOSTILE and path != "/robots.txt":
        hostile(request, web, path)
    elif host in (ARCHIVE, "127.0.0.1"):
        archive(request, web, path)
    elif page is not None:
        tag = f'"{len(page.html)}"'
        if asked.headers.get("if-none-match") == tag:
            send(request, 304)
        else:
            send(request, 200, page.html, content_type=page.content_type, etag=tag)
    elif (host, path) in web.moved:
        send(request, 301, location=web.moved[host, path])
    elif path == "/robots.txt":
        status = BROKEN_ROBOTS.get(host, 200 if host in ROBOTS else 404)
        send(request, status, ROBOTS.get(host, "").encode(), content_type="text/plain")
    elif path == "/license.xml" and host in LICENCES:
        send(request, 200, LICENCES[host].encode(), content_type="application/rsl+xml")
    elif path in ("/feed.xml", "/atom.xml", "/sitemap.xml", "/sitemap-1.xml", "/sitemap-2.xml.gz", "/feeds.opml"):
        send(request, 200, index(web, host, path), content_type="application/xml", etag='"1"')
    else:
        send(request, 404, b"not here any more")
    asked.done = True


def index(web: OldWeb, host: str, path: str) -> bytes:
    """Feeds, sitemaps and an OPML of what the host has."""
    own = [page for page in web.pages.values() if page.host == host]
    urls = [f"http://{page.host}{page.path}" for page in own]
    match path:
        case "/feed.xml":
            items = "".join(
                f"<item><title>{_escaped(p.headline)}</title><link>http://{p.host}{p.path}</link></item>" for p in own
            )
            return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{host}</title>{items}</channel></rss>".encode()
        case "/atom.xml":
            entries = "".join(
                f"<entry><title>{_escaped(p.headline)}</title><link href='http://{p.host}{p.path}'/><id>{p.path}</id><content type='html'>{_escaped(''.join(f'<p>{t}</p>' for t in p.paragraphs))}</content></entry>"
                for p in own
            )
            return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{host}</title>{entries}</feed>".encode()
        case "/sitemap.xml":
            return f"<sitemapindex><sitemap><loc>http://{host}/sitemap-1.xml</loc></sitemap><sitemap><loc>http://{host}/sitemap-2.xml.gz</loc></sitemap></sitemapindex>".encode()
        case "/sitemap-1.xml":
            return _urlset(urls[::2])
        case "/sitemap-2.xml.gz":
            return gzip.compress(_urlset(urls[1::2]))
    hosts = sorted({page.host for page in web.pages.values()})
    return (
        "<opml version='2.0'><body>"
        + "".join(f"<outline type='rss' xmlUrl='http://{one}/feed.xml'/>" for one in hosts)
        + "</body></opml>"
    ).encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _urlset(urls: list[str]) -> bytes:
    return ("<urlset>" + "".join(f"<url><loc>{_escaped(url)}</loc></url>" for url in urls) + "</urlset>").encode()


def archive(request: BaseHTTPRequestHandler, web: OldWeb, path: str) -> None:
    """The index of the Wayback Machine, and what it keeps."""
    if path.startswith("/cdx/"):
        url = parse_qs(urlsplit(path).query)["url"][0]
        held = (
            [f"com,example)/ 20160101000000 {url} text/html 200 AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH 1234 -"]
            if url in web.gone
            else []
        )
        send(request, 200, ("\n".join(held) + "\n" * bool(held)).encode(), content_type="text/plain")
        return
    url = re.sub(r"^/web/\d+id_/", "", path)
    page = web.gone.get(url)
    send(request, 200 if page else 404, page.html if page else b"")


def hostile(request: BaseHTTPRequestHandler, web: OldWeb, path: str) -> None:
    """Answers that are meant to hold, to fill or to mislead who asks."""
    out = request.wfile
    start = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n"
    request.close_connection = True
    match path.strip("/").split("/"):
        case ["drip"]:
            out.write(f"{start}\r\n".encode())
            _slowly(web, out, b"<p>la</p>", 0.1)
        case ["drip-headers"]:
            _slowly(web, out, b"x", 0.1, start)
        case ["endless"]:
            out.write(f"{start}\r\n".encode())
            while not web.stopping:
                out.write(b"<p>and on it goes</p>" * 1000)
        case ["gigabyte"]:
            out.write(f"{start}content-length: {2**30}\r\n\r\n".encode())
            for _ in range(2**14):
                out.write(b"\0" * 2**16)
        case ["bomb"]:
            out.write(f"{start}content-encoding: gzip\r\ncontent-length: {len(BOMB)}\r\n\r\n".encode() + BOMB)
        case ["badgzip"]:
            out.write(f"{start}content-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!".encode())
        case ["hops", number]:
            send(request, 302, location=f"/hops/{(int(number) + 1) % 10_000}")
        case ["loop"]:
            send(request, 302, location="/loop")
        case ["private", number]:
            send(request, 302, location=PRIVATE[int(number)])
        case ["nul"]:
            send(request, 200, b"<html><body><article><p>\0\0\0</p></article></body></html>")
        case ["deep"]:
            send(request, 200, b"<html><body>" + b"<div>" * 50_000 + b"deep" + b"</div>" * 50_000)
        case ["wide"]:
            send(request, 200, b"<html><body><p>" + b"word" * 1_000_000 + b"</p></body></html>")
        case ["song.mp3"]:
            send(request, 200, b"\xff\xfb" * 1000, content_type="audio/mpeg")
        case ["reset"]:
            out.write(f"{start}content-length: 5000\r\n\r\n<p>half".encode())
        case ["huge-header"]:
            out.write(f"{start}x-large: {'a' * 2**20}\r\n\r\nok".encode())
        case ["waits"]:
            send(request, 429, retry_after="1")
        case _:
            send(request, 200, json.dumps({"no": "page"}).encode(), content_type="application/json")


PRIVATE = (
    "http://10.0.0.1/", "http://127.0.0.1:1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "ftp://ftp.example/x", "http://2130706433/", "http://0x7f.1/",
    "http://[::ffff:127.0.0.1]/", "http://user:secret@gullsandguitars.example/", "gopher://x/", "//192.168.0.1/", "http://localhost/", "http://[64:ff9b::7f00:1]/",
)  # fmt: skip


def _slowly(web: OldWeb, out: object, piece: bytes, pause_s: float, head: str = "") -> None:
    out.write(head.encode())  # type: ignore[attr-defined]
    while not web.stopping:
        out.write(piece)  # type: ignore[attr-defined]
        out.flush()  # type: ignore[attr-defined]
        time.sleep(pause_s)
