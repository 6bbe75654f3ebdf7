// What the table does not tell of itself: which cells are chosen in it. They are read from its
// accessible twin, by name, and written into a field of the page that nobody sees. And in a
// field of text, Ctrl+Z is the field's own.
(() => {
  const REST_MS = 250; // whoever runs along a row by the arrow keys is not asked at every cell
  addEventListener("keydown", (event) => {
    const isBack = (event.ctrlKey || event.metaKey) && "zy".includes(event.key.toLowerCase());
    if (isBack && event.target?.closest?.("input, textarea")) event.stopImmediatePropagation();
  }, true);

  // A letter that is a shortcut of the page does nothing while a dialog lies over the page.
  addEventListener("keydown", (event) => {
    const isLetter = /^[a-z]$/i.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!isLetter || !document.querySelector("[role=dialog]")) return;
    const typed = event.target?.closest?.("input, textarea, [contenteditable]");
    if (!typed) event.stopImmediatePropagation();
  }, true);

  const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const names = (cells) => [...new Set(cells.map((cell) => cell?.innerText.trim()))];
  let told = "", waiting;

  // A number that is entered moves the mark on by itself. The page stays with what was typed, and
  // what it was, until a hand goes somewhere.
  let entered = false;
  addEventListener("keydown", (event) => {
    if (["Enter", "Tab"].includes(event.key)) entered = true;
    else if (/^(Arrow|Page|Home|End)/.test(event.key)) entered = false;
  }, true);
  addEventListener("pointerdown", () => { entered = false; }, true);

  const tell = () => {
    const box = document.querySelector(".st-key-grid_cells input");
    const table = document.querySelector(".st-key-consensus_grid [role=grid]");
    // While a number is being typed nothing is drawn anew by our doing: what somebody else wrote
    // into the cell meanwhile would pass for seen.
    if (!box || !table || entered || document.querySelector("#portal input, #portal textarea"))
      return;
    const chosen = [...table.querySelectorAll("td[aria-selected=true]")];
    if (!chosen.length) return;
    const rows = chosen.map((cell) => cell.parentElement.querySelector("td"));
    const heads = chosen.map((cell) =>
      table.querySelector(`th[aria-colindex="${cell.getAttribute("aria-colindex")}"]`));
    const now = JSON.stringify({ rows: names(rows), columns: names(heads) });
    if (now === told) return;
    told = now;
    write.call(box, now);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const kind of ["keyup", "pointerup", "focusin"])
    addEventListener(kind, (event) => {
      if (!event.target?.closest?.(".st-key-consensus_grid")) return;
      clearTimeout(waiting);
      waiting = setTimeout(tell, REST_MS);
    }, true);
})();
