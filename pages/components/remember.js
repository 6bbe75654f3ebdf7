// Brings the ticket that a page holds out to the server, once, as soon as it is drawn; the answer
// sets a cookie that no script can read (pages/components/remembered.py). It is kept alive, so that
// a reload in the same breath finds the cookie set.
(() => {
  const here = document.currentScript.src.replace(/remember\.js.*$/, "");
  const mark = "st-key-concordwho-";
  let brought = "";
  const bring = () => {
    const held = document.querySelector(`[class*="${mark}"]`);
    if (!held) return;
    const ticket = [...held.classList].find((c) => c.startsWith(mark)).slice(mark.length);
    if (ticket === "none" || ticket === brought) return;
    brought = ticket;
    fetch(here + "who", { method: "POST", body: ticket, credentials: "same-origin", keepalive: true })
      .catch(() => { brought = ""; setTimeout(bring, 1000); });
  };
  new MutationObserver(bring).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["class"],
  });
  bring();
})();
