// Small mends of the theme, for people who use the keyboard or a screen reader.

// What scrolls sideways can be reached and scrolled by keys.
const reach = () => {
  for (const wide of document.querySelectorAll(".md-typeset pre > code, .md-typeset__scrollwrap")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    else wide.removeAttribute("tabindex");
  }
};
addEventListener("load", reach);
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);

// Parts that the theme leaves without a name, or gives one that others have too.
const name = () => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  document.querySelectorAll(".md-nav .md-nav[data-md-level]").forEach((part) => {
    const label = document.getElementById(part.getAttribute("aria-labelledby"));
    if (!label) return;
    part.setAttribute("aria-label", `Pages of ${label.textContent.trim()}`);
    part.removeAttribute("aria-labelledby");
  });
  document.querySelectorAll("nav.md-code__nav:not([aria-label])").forEach((part) => {
    const number = [...document.querySelectorAll("nav.md-code__nav")].indexOf(part) + 1;
    part.setAttribute("aria-label", `Listing ${number}`);
  });
};
name();
new MutationObserver(name).observe(document.querySelector("main"), { childList: true, subtree: true });
