// Whoever has no mouse skips what stands before the matter: to the page, to the first decision
// that can be previewed, to the reason and the table of the consensus. Links of nobody's page are
// not reached: those whose goal is not there are left out.
(() => {
  const main = () => document.querySelector("[data-testid=stMain]");
  const GOALS = {
    "Skip to the page": () => main(),
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
      if (there === main()) there.tabIndex = -1;
      there.focus();
      there.scrollIntoView({ block: "nearest" });
    });
    bar.append(link);
  }
  const offer = () => {
    for (const link of bar.children) link.hidden = !GOALS[link.textContent]();
  };
  addEventListener("keydown", (event) => { if (event.key === "Tab") offer(); }, true);
  addEventListener("DOMContentLoaded", () => document.body.prepend(bar));
})();
