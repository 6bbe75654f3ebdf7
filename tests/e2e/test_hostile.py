"""A company whose every text is an attack, on every page and in everything that leaves it."""

import csv
import io
import re
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import openpyxl
import pytest

from forecasting.outputs import board_pack, consensus_pack
from forecasting.workspace import Workspace
from tests.e2e.screen import go, settled
from tests.hostile import evidence, hostile_company

pytestmark = pytest.mark.browser

EVERY = (
    "Weekly review", "Activations", "Consensus", "Buy plan", "Meeting", "Scorecard", "Why",
    "Side by side", "Review", "Value added", "SKU", "Baseline", "Lift library", "Replay",
    "History", "Data", "Cycle", "People", "Bridge",
)  # fmt: skip
VISITS = {"dana": EVERY, "mara": ("Meeting",), "victor": ("Review",)}
"""Every page as the facilitator, who sees most; what is drawn otherwise for others, as them."""
STEPS = {"Meeting": ("3 Disagreements", "6 Sign"), "Review": ("Decisions · 5 min",)}
"""Parts of a page that are drawn when they are asked for, and show what people wrote."""


@pytest.fixture(scope="module")
def trap():
    """An address that writes down whoever asks it."""
    asked: list[str] = []

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def company(trap, tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "hostile.duckdb"
    hostile_company(path, trap[0]).close()
    return path


LIVE = """() => {
  const own = location.origin, found = [];
  for (const a of document.querySelectorAll('a[href], area[href]'))
    if (!a.href.startsWith(own)) found.push('a ' + a.href);
  for (const e of document.querySelectorAll('img, iframe, object, embed, video, audio, source, image, use')) {
    const at = e.src || e.data || e.getAttribute('href') || e.getAttribute('xlink:href') || '';
    if (!at.startsWith(own) && !at.startsWith('data:') && !at.startsWith('#')) found.push(e.tagName + ' ' + at);
  }
  for (const s of document.querySelectorAll('script:not([src])'))
    if (!s.textContent.includes('prerenderReady')) found.push('script ' + s.textContent);
  const texts = {CODE: 'c', STRONG: 'b', EM: 'i', SPAN: 'r'};
  for (const m of document.querySelectorAll(
      '.katex, code, strong, [role=img][aria-label^=home], span[class*=Colored]'))
    if (m.matches('.katex, [role=img]') || texts[m.tagName] === m.textContent)
      found.push(m.tagName + ' ' + m.textContent.slice(0, 80));
  return found;
}"""


def opened(page) -> None:
    """Open what is folded away and what floats, one after the other."""
    folded = page.locator("[data-testid=stExpander] details:not([open]) > summary")
    while folded.count():  # one that is open is no longer among them
        folded.first.click()
        settled(page)


def downloads(page) -> list[tuple[str, bytes]]:
    found = []
    for button in page.locator("[data-testid=stDownloadButton] button:enabled:visible").all():
        with page.expect_download() as given:
            button.click()
        found.append((given.value.suggested_filename, given.value.path().read_bytes()))
    return found


STARTS = tuple("=+-@\t\r\n＝＋－＠")


def formulas(name: str, content: bytes) -> list[str]:
    """Cells of a file that a spreadsheet would take for a formula."""
    if name.endswith(".csv"):
        cells = [c for row in csv.reader(io.StringIO(content.decode())) for c in row]
        return [c for c in cells if c.strip().startswith(STARTS) and not is_number(c)]
    if name.endswith(".xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = [c for sheet in book for row in sheet for c in row]
        return [str(c.value) for c in cells if c.data_type == "f" or c.hyperlink]
    return []


def is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", cell) is not None


class Tags(HTMLParser):
    """What of a page is more than text."""

    def __init__(self) -> None:
        super().__init__()
        self.live: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"a", "img", "script", "iframe", "link", "object", "form"}:
            self.live.append(tag)
        self.live += [n for n, _ in attrs if n.startswith("on") or n in {"href", "src"}]


def live_in(page: str) -> list[str]:
    parser = Tags()
    parser.feed(page)
    return parser.live


def test_the_packs_hold_nothing_live(company, trap):
    space = Workspace(company)
    try:
        version = space.cycles.published()[-1].version
        quarter = space.quarters.quarters()["quarter"].iloc[-2]
        for page in (
            consensus_pack.as_html(space, version),
            board_pack.as_html(space, "dana", quarter),
        ):
            assert "&lt;script&gt;" in page
            assert live_in(page) == []
        assert formulas("pack.xlsx", consensus_pack.as_workbook(space, version)) == []
    finally:
        space.close()


def test_no_page_and_no_file_of_a_hostile_company_does_anything(company, trap, serve, browser):
    address, asked = trap
    server = serve(company)
    files, links, elsewhere = set(), set(), []
    for person, pages in VISITS.items():
        window = browser.new_context(
            viewport={"width": 1440, "height": 900}, accept_downloads=True
        )
        window.set_default_timeout(90_000)
        page = window.new_page()
        page.on("request", lambda r: elsewhere.append(r.url))
        page.goto(server.url)
        page.get_by_role("button", name=re.compile(rf"^Continue as .*{person}$")).click()
        page.locator("h1").filter(has_text=re.compile("Home|Scorecard")).wait_for()
        settled(page)
        for name in pages:
            go(page, name)
            page.locator("h1").first.wait_for()
            for step in ("", *STEPS.get(name, ())):
                if step:
                    page.get_by_role("radio", name=step).click()
                    settled(page)
                opened(page)
                live = page.evaluate(LIVE)
                links |= {one for one in live if one.startswith(f"a {address}/evidence?")}
                assert [one for one in live if one not in links] == [], (person, name, step)
                for file, content in downloads(page) if person == "dana" else []:
                    assert content, file
                    assert formulas(file, content) == [], file
                    assert not file.endswith(".html") or live_in(content.decode()) == []
                    files.add(Path(file).suffix)
                assert page.get_by_test_id("stException").count() == 0, (name, step)
        window.close()
    assert asked == []
    assert [u for u in elsewhere if not u.startswith((server.url, "data:", "blob:"))] == []
    assert {".csv", ".xlsx", ".zip"} <= files
    assert links, evidence(address)
