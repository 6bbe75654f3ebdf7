// The eyes of the crawl: what is on the screen, when it has come to rest, what should not be there.
(() => {
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const app = () => document.querySelector("[data-testid=stApp]");
  const isRunning = () => !app() || app().dataset.testScriptState !== "notRunning";
  // What lies in a closed expander has a place on the page, and nobody can reach it.
  const isSeen = (e) => e.getClientRects().length > 0 && e.checkVisibility({ visibilityProperty: true });
  const shown = (e) => (e.innerText || "").replace(/\s+/g, " ").trim();
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const stale = () => all("[data-stale=true]").filter((e) => isSeen(e) && shown(e));
  const heading = () => shown(document.querySelector("[data-testid=stMain] h1") || document.body).slice(0, 60);

  let pushes = 0, standing = new Set(), count = 0;
  const push = history.pushState;
  history.pushState = function (...given) { pushes += 1; return push.apply(this, given); };

  const texts = () => new Set(
    all("[data-testid=stMain] [data-testid=stElementContainer]").filter(isSeen).map(shown).filter((t) => t.length > 15));

  // While a page is being left: what of it stands there when the new one's heading is shown?
  const leave = () => {
    const was = heading(), had = texts();
    standing = new Set();
    const until = performance.now() + 8000;
    const look = () => {
      if (heading() !== was && all("[data-testid=stMain] h1").length) {
        if (!isRunning()) return;
        for (const text of texts()) if (had.has(text)) standing.add(text);
      }
      if (performance.now() < until) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    return pushes;
  };

  const settled = async () => {
    const start = performance.now();
    let quiet = start;
    await sleep(60);
    while (performance.now() - start < 40000) {
      if (isRunning() || all("[data-testid=stSpinner]").some(isSeen)) quiet = performance.now();
      else if (performance.now() - quiet > 160) break;
      await sleep(20);
    }
    for (let turn = 0; turn < 20 && stale().length && !isRunning(); turn += 1) await sleep(50);
    const there = texts();
    const former = [...standing].filter((text) => !there.has(text)).map((text) => text.slice(0, 60)).join(" | ").slice(0, 200);
    standing = new Set();
    const main = document.querySelector("[data-testid=stMain]") || document.body;
    const edge = main.getBoundingClientRect().right;
    const wide = Math.max(main.scrollWidth - main.clientWidth, 0);
    const widest = wide
      ? all("[data-testid=stElementContainer]", main).filter((e) => e.getBoundingClientRect().right > edge + 1).map(shown)[0] || ""
      : "";
    return {
      running: performance.now() - start >= 40000,
      exceptions: all("[data-testid=stException]").filter(isSeen).map(shown),
      errors: all("[data-testid=stAlertContentError]").filter(isSeen).map(shown),
      ghosts: isRunning() ? "" : stale().map(shown).join(" | ").slice(0, 200),
      former, wide: wide > 1 ? wide : 0, widest: widest.slice(0, 80), pushes,
    };
  };

  // A dialog covers the page, a popover lies above it: what is in them comes first.
  const cover = () =>
    all("[role=dialog]").filter(isSeen).pop() || all("[data-testid=stPopoverBody]").filter(isSeen).pop();

  const READ = [
    ["expander", "[data-testid=stExpander] summary"],
    ["tab", "[role=tab]:not([aria-selected=true])"],
    ["popover", "[data-testid=stPopoverButton]"],
    ["download", "[data-testid=stDownloadButton] button"],
    ["group", "[data-testid=stButtonGroup] [role=radio], [data-testid=stButtonGroup] button"],
    ["selectbox", "[data-testid=stSelectbox]"],
    ["multiselect", "[data-testid=stMultiSelect]"],
    ["checkbox", "[data-testid=stCheckbox] label"],
    ["slider", "[role=slider]"],
    ["number", "[data-testid=stNumberInput] input"],
    ["text", "[data-testid=stTextInput] input, [data-testid=stTextArea] textarea"],
    ["date", "[data-testid=stDateInput] [role=spinbutton]"],
    ["table", "[data-testid=stDataFrame]"],
    ["chart", "[data-testid=stVegaLiteChart] [role=graphics-symbol]"],
  ];
  const ACT = [
    ["upload", "[data-testid=stFileUploader] input[type=file]"],
    ["submit", "[data-testid=stFormSubmitButton] button"],
    ["button", "[data-testid=stButton] button"],
    ["link", "[data-testid=stPageLink] a"],
  ];
  const HOLDS = {
    table: "[data-testid=stElementContainer]", chart: "[data-testid=stVegaLiteChart]",
    number: "[data-testid=stNumberInput]", text: "[data-testid=stTextInput], [data-testid=stTextArea]",
    date: "[data-testid=stDateInput]", slider: "[data-testid=stSlider]", upload: "[data-testid=stFileUploader]",
  };
  const isOff = (e) => e.disabled || e.getAttribute("aria-disabled") === "true" || e.querySelector("input:disabled");
  const keyOf = (e) => {
    const box = e.closest("[data-testid=stElementContainer], [data-testid=stLayoutWrapper]");
    const name = box && [...box.classList].find((c) => c.startsWith("st-key-"));
    return name ? name.slice(7) : "";
  };
  const labelOf = (kind, e) => {
    const box = HOLDS[kind] ? e.closest(HOLDS[kind]) || e : e;
    const label = box.querySelector("[data-testid=stWidgetLabel]");
    const named = e.getAttribute("aria-label") || (label && shown(label));
    if (kind === "chart" || kind === "table") {
      const alt = box.querySelector("[role=grid][aria-label], [role=graphics-document][aria-label], table[aria-label]");
      return alt ? alt.getAttribute("aria-label").slice(0, 50) : "";
    }
    return (named && !["button", "submit"].includes(kind) ? named : shown(e) || named || "").slice(0, 60);
  };
  const pathOf = (e) => {
    const parts = [];
    const cover = e.closest("[role=dialog], [data-testid=stPopoverBody]");
    if (cover) parts.push(cover.matches("[role=dialog]") ? shown(cover).slice(0, 20) : "popover");
    const tab = e.closest("[role=tabpanel]");
    if (tab) parts.push(tab.getAttribute("aria-labelledby") ? shown(document.getElementById(tab.getAttribute("aria-labelledby")) || tab).slice(0, 30) : "tab");
    return parts.join(" / ");
  };
  const controls = () => {
    const inside = cover() || document.querySelector("[data-testid=stMain]") || document;
    const found = [];
    for (const [kind, selector] of [...READ, ...ACT])
      for (const e of all(selector, inside)) {
        if ((!isSeen(e) && kind !== "upload") || isOff(e)) continue;
        if (e.closest("[data-testid=stElementToolbar]")) continue;  // Streamlit's own
        e.dataset.crawl = count += 1;
        found.push([count, kind, labelOf(kind, e), pathOf(e), keyOf(e)]);
      }
    return found;
  };

  window.crawl = { settled, controls, leave, isCovered: () => Boolean(cover()) };
})();
