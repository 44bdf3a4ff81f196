// Subscriber Portal: puts the frame where this script tag stands, and gives it its height.
//   <script src="https://privacy.example.org/embed/v1/portal.js" data-site="main" async></script>
// It sets nothing, stores nothing, and reads of the page only its language and whether it goes dark.
// Optional: data-lang, data-theme ("auto", "light", "dark"), data-title.
(() => {
  "use strict";
  const tag = document.currentScript;
  const { origin } = new URL(tag.src);
  const { site, lang, theme, title } = tag.dataset;
  const root = document.documentElement;
  const language = lang || root.lang.slice(0, 2);
  const scheme = getComputedStyle(root).colorScheme;
  const ask = new URLSearchParams({ theme: theme || (scheme.includes("dark") ? "auto" : "light") });
  if (language) ask.set("lang", language);
  const frame = document.createElement("iframe");
  frame.src = `${origin}/embed/${encodeURIComponent(site)}/?${ask}`;
  frame.title = title || (language === "nl" ? "Mijn gegevens" : "My data");
  frame.setAttribute("sandbox", "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads");
  frame.style.cssText = "display:block;width:100%;height:600px;border:0";
  let wanted = 0;
  addEventListener("message", ({ data, origin: from, source }) => {
    if (from !== origin || source !== frame.contentWindow) return;
    if (data?.portal !== "height" || !Number.isInteger(data.height)) return;
    if (!wanted) {
      requestAnimationFrame(() => {
        frame.style.height = `${Math.min(4000, Math.max(200, wanted))}px`;
        wanted = 0;
      });
    }
    wanted = data.height || 1;
  });
  tag.after(frame);
})();
