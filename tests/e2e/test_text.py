"""What comes through the door is seen as it was written, by the browser that people use."""

import json
import random
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.e2e.conftest import ROOT
from tests.e2e.screen import settled

pytestmark = pytest.mark.browser

KNOWN = [
    "![x](http://127.0.0.1:9/x.png)", "[x](http://127.0.0.1:9/)", "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>", "http://127.0.0.1:9/a", "see www.example.org now",
    "mail me@example.org", "$x^2$ and $$y$$", "$5 to $6", ":red[x] :material/home: :smile: :+1:",
    ":streamlit: :small[x] :red-badge[x] :color[x]{foreground=red}", "`code` ```more```",
    "**bold** *it* __b__ _i_ ~~gone~~ ~x~", "# head", "- item", "+ item", "* item", "1. one",
    "2) two", "> quote", "---", "===", "    four blanks", "a | b\n--|--\n1 | 2", "&lt;b&gt; &amp; &#42;",
    "\\*not\\* \\", "line\nline  \nline", "[^1] [x]: http://127.0.0.1:9/ \"t\"", "<http://127.0.0.1:9/>",
    "a -> b <- c -- d >= e <= f ~= g <-> h", "=HYPERLINK(\"http://127.0.0.1:9/\")", "x\u202etxt",
    "::name[x]", ":::note", "xmpp:me@example.org/x", "ftp://x", "HTTPS://EXAMPLE.ORG", "12:30:45 :100:",
    "O'Neil & Søn (50%) #3, size 4/5", "2026. A year", "{x} {{y}}", "~~~", "```", "!", "\\",
]  # fmt: skip
SIGNS = "\\`*_{}[]()<>#+-.!|~^$&:;=\"'@/% \nabw1"


def some_texts() -> list[str]:
    draw = random.Random(7)
    return KNOWN + ["".join(draw.choices(SIGNS, k=draw.randint(1, 24))) for _ in range(160)]


SCRIPT = """
import json, sys
import streamlit as st
from pages.components.text import plain
for i, t in enumerate(json.loads(open({path!r}).read())):
    with st.container(key=f"t{{i}}"):
        st.markdown(plain(t))
        st.caption(f"x {{plain(t)}}")
        st.button(plain(t), key=f"b{{i}}")
        st.checkbox(plain(t), key=f"c{{i}}")
"""


@pytest.fixture
def shown(tmp_path):
    (tmp_path / "texts.json").write_text(json.dumps(some_texts()))
    (tmp_path / "shown.py").write_text(SCRIPT.format(path=str(tmp_path / "texts.json")))
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from streamlit.web import cli; cli.main()"
    started = subprocess.Popen(
        [sys.executable, "-c", code, "run", str(tmp_path / "shown.py"), f"--server.port={port}"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(
                    f"http://localhost:{port}/_stcore/health", timeout=1
                ).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        started.terminate()
        started.wait(10)


FOUND = """() => [...document.querySelectorAll('[class*="st-key-t"]')].map(box => ({
  key: [...box.classList].find(c => c.startsWith('st-key-t')).slice(8),
  texts: ['stMarkdown', 'stCaptionContainer', 'stButton', 'stCheckbox'].map(
    id => (box.querySelector(`[data-testid=${id}]`) || {}).textContent ?? ''),
  markup: box.querySelectorAll(
    'a,img,strong,em,del,code,pre,h1,h2,h3,ul,ol,li,hr,blockquote,table,.katex,script,'
    + '[class*="Colored"],[class*="Badge"],[role=img]').length,
}))"""


def as_written(text: str) -> str:
    return " ".join("".join(c for c in text if c != "\u202e").split())


def bare(text: str) -> str:
    return " ".join(text.replace("\u2060", "").split())


def test_every_sign_is_seen_as_it_was_written_and_nothing_becomes_markup(browser, shown):
    window = browser.new_context()
    try:
        asked = []
        page = window.new_page()
        page.on("request", lambda r: asked.append(r.url))
        page.goto(shown)
        texts = some_texts()
        page.locator(f".st-key-t{len(texts) - 1} [data-testid=stCheckbox]").wait_for(
            timeout=90_000
        )
        settled(page)
        found = {int(box["key"]): box for box in page.evaluate(FOUND)}
        assert len(found) == len(texts)
        wrong = [
            (text, box)
            for text, box in zip(texts, (found[i] for i in range(len(texts))), strict=True)
            if box["markup"]
            or [bare(t) for t in box["texts"]]
            != [as_written(text), as_written(f"x {text}"), as_written(text), as_written(text)]
        ]
        assert not wrong, wrong[:5]
        assert all(url.startswith((shown, "data:")) for url in asked)
    finally:
        window.close()
