// A chart's own toolbar saves it as PNG; printers and designers want it sharp at any size. This
// puts a button beside that one which saves what is drawn as SVG. Nothing is fetched or sent.
(() => {
  const NAME = "Save as SVG";

  const saved = (chart) => {
    const drawn = chart.querySelector("svg.marks");
    if (!drawn) return;
    const copy = drawn.cloneNode(true);
    const ground = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.style.background = ground;
    copy.style.fontFamily = '"Source Sans 3", "Segoe UI", Helvetica, Arial, sans-serif';
    const text = new XMLSerializer().serializeToString(copy);
    const told = chart.getAttribute("aria-label") || chart.querySelector("[aria-label]")
      ?.getAttribute("aria-label") || "chart";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    link.download = `${told.split(".")[0].replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60)}.svg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  const offer = (event) => {
    const frame = event.target?.closest?.("[data-testid=stFullScreenFrame]");
    const chart = frame?.querySelector("[data-testid=stVegaLiteChart]");
    const png = frame?.querySelector("button[aria-label^='Download as PNG']");
    const bar = png?.closest("[data-testid=stElementToolbarButtonContainer]");
    if (!chart || !bar || bar.querySelector("[data-svg]")) return;
    const button = document.createElement("button");
    button.dataset.svg = "";
    button.type = "button";
    button.className = png.className;
    button.title = NAME;
    button.setAttribute("aria-label", NAME);
    button.textContent = "SVG";
    button.style.fontSize = "0.7rem";
    button.addEventListener("click", () => saved(chart));
    bar.append(button);
  };
  for (const kind of ["pointerover", "focusin"]) addEventListener(kind, offer, true);
})();

// A table is drawn on a canvas that is drawn anew where the page gets narrower, as it does on
// paper: a printer gets it empty. Before printing each is copied as it stands, at once.
(() => {
  const COPY = "concord-paper";

  addEventListener("beforeprint", () => {
    for (const table of document.querySelectorAll("[data-testid=stDataFrame]")) {
      const drawn = [...table.querySelectorAll("canvas")].filter((one) => one.width);
      if (!drawn.length || drawn.some((one) => one.className === COPY)) continue;
      const copy = document.createElement("canvas");
      copy.className = COPY;
      copy.width = Math.max(...drawn.map((one) => one.width));
      copy.height = Math.max(...drawn.map((one) => one.height));
      for (const layer of drawn) copy.getContext("2d").drawImage(layer, 0, 0); // lines, heads
      table.append(copy);
    }
  });
  addEventListener("afterprint", () => {
    for (const copy of document.querySelectorAll(`.${COPY}`)) copy.remove();
  });
})();
