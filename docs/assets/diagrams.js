// Draws the diagrams of a page, once for each colour scheme; the style sheet shows the one that fits.
// On paper that is the light one. Where Mermaid is not there, a diagram stays the text it is written in.

const diagrams = document.querySelectorAll("pre.diagram");
const styles = {
  light: { theme: "neutral" },
  dark: { theme: "dark", themeVariables: { edgeLabelBackground: "#2e303e" } },
};

const common = {
  startOnLoad: false,
  securityLevel: "strict",
  fontFamily: "inherit",
  sequence: { actorMargin: 24, width: 130 },
};

async function drawn(mermaid, text, number) {
  const figure = document.createElement("div");
  figure.className = "drawn";
  figure.tabIndex = 0; // a wide one is scrolled, by keys too
  figure.setAttribute("role", "group");
  figure.setAttribute("aria-label", `Diagram ${number}, told in words in the text beside it`);
  for (const [scheme, style] of Object.entries(styles)) {
    mermaid.initialize({ ...common, ...style });
    const { svg } = await mermaid.render(`diagram-${number}-${scheme}`, text);
    const part = document.createElement("div");
    part.className = `drawn-${scheme}`;
    part.innerHTML = svg;
    const picture = part.querySelector("svg");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `Diagram ${number}`);
    picture.style.width = picture.style.maxWidth;
    picture.style.minWidth = `calc(${picture.style.maxWidth} * 0.68)`; // smaller cannot be read
    picture.style.maxWidth = "100%";
    figure.append(part);
  }
  return figure;
}

async function drawAll() {
  const { default: mermaid } = await import(new URL("mermaid/mermaid.esm.min.mjs", import.meta.url));
  for (const [place, pre] of [...diagrams].entries()) {
    try {
      pre.replaceWith(await drawn(mermaid, pre.textContent, place + 1));
    } catch (error) {
      console.error("A diagram could not be drawn.", error);
    }
  }
}

if (diagrams.length) {
  drawAll().catch((error) => console.error("Mermaid could not be loaded.", error));
}
