// Brings somebody who signs in back to the page they asked for. The provider sends everybody to
// the front door; where one wanted to go stays with the tab meanwhile, for ten minutes.
(() => {
  const kept = "concord-wanted", minutes = 10;
  const base = document.currentScript.src.replace(/concord\/signed\.js.*$/, "");
  const root = new URL(base).pathname;
  const read = () => {
    try { return JSON.parse(sessionStorage.getItem(kept) || "null"); } catch { return null; }
  };
  const wanted = read();
  const isDoor = location.pathname === root || `${location.pathname}/` === root;
  if (wanted && isDoor && !location.search) {
    sessionStorage.removeItem(kept);
    const isFresh = Date.now() - wanted.at < minutes * 60_000;
    const goes = new URL(wanted.path, location.origin);
    if (isFresh && goes.origin === location.origin && goes.pathname !== root) {
      location.replace(goes.href);
      return;
    }
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".st-key-concordsignin button")) return;
    const path = location.pathname + location.search;
    sessionStorage.setItem(kept, JSON.stringify({ path, at: Date.now() }));
  }, true);
})();
