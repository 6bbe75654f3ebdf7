// Remembers, for a year, whether this browser is drawn in high contrast: as a cookie, which comes
// with the next connection, so that its first drawing is as the last one was (contrast.py).
(() => {
  const YEAR_S = 365 * 24 * 3600;
  const base = new URL(document.currentScript.src.replace(/concord\/contrast\.js.*$/, "")).pathname;
  let kept = "";
  const keep = () => {
    const on = document.querySelector(".st-key-contrast_on");
    if (!on && !document.querySelector(".st-key-contrast_off")) return;
    const age = on ? YEAR_S : 0;
    const note = `concord-contrast=1; path=${base}; max-age=${age}; samesite=strict`;
    if (note === kept) return;
    kept = note;
    document.cookie = note;
  };
  new MutationObserver(keep).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["class"],
  });
})();
