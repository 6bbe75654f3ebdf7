// What stands where a page will be, from the moment that it is chosen until it has said its title,
// which comes with its answer: blocks in the page's own shape, over whatever is being drawn
// beneath. Nothing moves for them, and nothing is kept from being pressed.
(() => {
  const TABLE = ["table"];
  const SHAPES = {
    "": ["cards"], home: ["cards"], inbox: ["lines", "lines"],
    bridge: ["tiles", "picture", "cards"], signals: ["lines", "table", "table"],
    activations: ["picture", "cards"], board: ["table", "table", "picture"],
    consensus: ["tiles", "lines", "table"], buyplan: ["tiles", "lines", "table"],
    meeting: ["lines", "cards"], scorecard: ["cards", "lines", "table"],
    why: ["lines", "picture", "table"], side: ["picture", "picture", "picture"],
    value: ["cards", "picture"], sku: ["tiles", "picture", "cards"],
    baseline: ["tiles", "cards", "table"], lifts: ["tiles", "cards", "table"],
    replay: ["tiles", "cards"],
  };
  const COUNT = { tiles: 5, cards: 3, lines: 3 };
  const LONGEST_MS = 8000; // a page that says no title is seen all the same
  const base = new URL(document.currentScript.src.replace(/concord\/shapes\.js.*$/, "")).pathname;
  const page = (pathname) => pathname.slice(base.length).split("/")[0];
  const title = () => document.querySelector("[data-testid=stMain] h1");

  let shown = null, former = null, ending = 0, at = page(location.pathname);
  const gone = () => {
    clearTimeout(ending);
    shown?.remove();
    shown = null;
  };
  const show = (name) => {
    gone();
    former = title();
    if (!former) return; // somebody is being asked who they are, or nothing is there yet
    shown = document.createElement("div");
    shown.className = "concord-shape";
    shown.setAttribute("aria-hidden", "true");
    for (const kind of ["title", "answer", ...(SHAPES[name] ?? TABLE)]) {
      const row = shown.appendChild(document.createElement("div"));
      row.className = kind;
      for (let n = COUNT[kind] ?? 1; n; n--) row.append(document.createElement("i"));
    }
    document.body.append(shown);
    ending = setTimeout(gone, LONGEST_MS);
  };
  const turned = () => {
    const name = page(location.pathname);
    if (name === at) return;
    at = name;
    show(name);
  };
  for (const way of ["pushState", "replaceState"]) {
    const written = history[way].bind(history);
    history[way] = (...given) => { written(...given); turned(); };
  }
  addEventListener("popstate", turned);
  // Chosen in the menus or by a link: at once, before the server has said anything.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const goes = new URL(link.href, location.href);
    if (goes.origin !== location.origin || link.target === "_blank" || link.hasAttribute("download")) return;
    if (!goes.pathname.startsWith(base) || page(goes.pathname) === at) return;
    at = page(goes.pathname);
    show(at);
  }, true);
  new MutationObserver(() => {
    const now = shown && title();
    if (now && now !== former && now.innerText.trim()) gone();
  }).observe(document.documentElement, { subtree: true, childList: true });
})();
