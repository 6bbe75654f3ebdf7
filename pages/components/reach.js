// Whoever has no mouse skips what stands before the matter: to the first decision that can be
// previewed, to the reason and the table of the consensus (Streamlit itself leads to the page). Links of nobody's page are
// not reached: those whose goal is not there are left out.
(() => {
  const main = () => document.querySelector("[data-testid=stMain]");
  const GOALS = {
    "To the first decision": () => [...(main()?.querySelectorAll("button") ?? [])]
      .find((b) => b.offsetParent && /^Preview|^Look and decide/.test(b.innerText.trim())),
    "To the reason of what you type": () => main()?.querySelector(".st-key-reason input"),
    "To the table": () => main()?.querySelector(".st-key-consensus_grid canvas[tabindex]"),
  };

  const bar = document.createElement("nav");
  bar.className = "concord-reach";
  bar.setAttribute("aria-label", "Skip");
  for (const [name, goal] of Object.entries(GOALS)) {
    const link = document.createElement("a");
    link.href = "#";
    link.textContent = name;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const there = goal();
      if (!there) return;
      there.focus();
      there.scrollIntoView({ block: "nearest" });
    });
    bar.append(link);
  }
  const names = Object.keys(GOALS);
  let at = -1;
  const go = (step) => {
    for (let tried = 0; tried < names.length; tried++) {
      at = (at + step + names.length) % names.length;
      if (GOALS[names[at]]()) return bar.children[at].click();
    }
  };
  // F6 goes on to the next of them, as it does between the parts of a window; Ctrl+Enter in a
  // dialog is its main button, which says so.
  addEventListener("keydown", (event) => {
    const dialog = document.querySelector("[role=dialog]");
    if (event.key === "F6" && !dialog) {
      event.preventDefault();
      go(event.shiftKey ? -1 : 1);
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && dialog) {
      const main = dialog.querySelector("button[kind^=primary]:not(:disabled)");
      if (main) setTimeout(() => main.click(), 150); // what is being typed is taken first
    }
  }, true);
  addEventListener("focusin", () => {
    const main = document.querySelector("[role=dialog] button[kind^=primary]");
    if (main) main.title = "Ctrl+Enter";
  }, true);

  // A hand at the mouse or on the glass, for as long as it moves: what is only for hands shows.
  const REST_MS = 2500;
  let resting = 0;
  for (const kind of ["pointermove", "pointerdown"])
    addEventListener(kind, () => {
      document.documentElement.dataset.hand = "";
      clearTimeout(resting);
      resting = setTimeout(() => { delete document.documentElement.dataset.hand; }, REST_MS);
    }, { capture: true, passive: true });

  const offer = () => {
    for (const link of bar.children) link.hidden = !GOALS[link.textContent]();
  };
  addEventListener("keydown", (event) => { if (event.key === "Tab") offer(); }, true);
  addEventListener("DOMContentLoaded", () => document.body.prepend(bar));
})();
