// Brings the ticket that a page holds out to the server, once; the answer sets a cookie that no
// script can read (pages/components/remembered.py).
(() => {
  const mark = "st-key-concordwho-";
  let brought = "";
  setInterval(() => {
    const held = document.querySelector(`[class*="${mark}"]`);
    if (!held) return;
    const ticket = [...held.classList].find((c) => c.startsWith(mark)).slice(mark.length);
    if (ticket === "none" || ticket === brought) return;
    brought = ticket;
    fetch("/concord/who", { method: "POST", body: ticket, credentials: "same-origin" })
      .catch(() => { brought = ""; });
  }, 400);
})();
