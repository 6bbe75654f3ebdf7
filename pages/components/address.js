// What a page writes into its own address before anybody has touched it is no step of whoever
// opened it: it takes the place of what stands there, so that one navigation is one press of
// Back. A page may write more than once while it is being drawn.
(() => {
  const push = history.pushState.bind(history);
  let isUntouched = true;
  for (const kind of ["pointerdown", "keydown"])
    addEventListener(kind, () => { isUntouched = false; }, true);
  addEventListener("popstate", () => { isUntouched = true; });
  history.pushState = (state, title, url) => {
    const next = new URL(url ?? location.href, location.href);
    const isHere = next.pathname === location.pathname;
    const completes = isHere && (isUntouched || (location.search === "" && next.search !== ""));
    if (completes) history.replaceState(state, title, url);
    else push(state, title, url);
    if (!isHere) isUntouched = true;
  };
})();
