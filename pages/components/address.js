// A page that was just opened completes its own address with what it shows. That is no step
// of whoever opened it: it takes the place of the bare address, so that one navigation is one
// press of Back.
(() => {
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const next = new URL(url ?? location.href, location.href);
    const completes =
      location.search === "" && next.search !== "" && next.pathname === location.pathname;
    if (completes) history.replaceState(state, title, url);
    else push(state, title, url);
  };
})();
