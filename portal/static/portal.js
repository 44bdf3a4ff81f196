// Subscriber Portal. In a tab it adds little: pages work without it. In the frame it is what turns
// pages: it fetches them with the session's token, which lives in a variable here and nowhere else,
// so that blocked cookies and blocked storage change nothing.
(() => {
  "use strict";
  const root = document.documentElement;
  const site = root.dataset.frame;
  const main = () => document.getElementById("main");
  const policy = window.trustedTypes?.createPolicy("portal", { createHTML: (html) => html });
  const parse = (html) =>
    new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");

  // --- in a tab -------------------------------------------------------------------------------

  // The token of a mailed link stands behind the #, which no server and no log ever sees.
  const linked = document.querySelector("form[data-token-from-fragment]");
  function takeToken() {
    if (!linked || location.hash.length < 2) return;
    linked.elements.token.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname + location.search);
    linked.hidden = false;
    document.querySelector("[data-without-token]").hidden = true;
  }
  takeToken();
  addEventListener("hashchange", takeToken); // the page was open already when the link came

  // What is under way is looked at again by itself: soon at first, then every five seconds.
  const LOOKING = { "Portal-Poll": "1" }; // nobody is at work here: the session may end
  const SLOWEST = 5;
  let poll;
  function watch(again, wait) {
    clearTimeout(poll);
    const live = document.querySelector("[data-poll]");
    if (!live) return;
    const first = Number(live.dataset.poll);
    const seconds = wait || first;
    poll = setTimeout(async () => {
      let next = Math.max(first, Math.min(SLOWEST, seconds * 1.2));
      try {
        const fresh = document.hidden ? live : (await again()).getElementById(live.id);
        if (!fresh) return; // signed out meanwhile
        if (live.isConnected && renew(live, fresh)) next = first;
      } catch { /* the next look may succeed */ }
      watch(again, next);
    }, seconds * 1000);
  }

  // Only those children that changed are replaced, and within the element that a screen reader
  // listens to: so it reads each change, and reads it once.
  function renew(live, fresh) {
    if (fresh.outerHTML === live.outerHTML) return false;
    const held = live.contains(document.activeElement) && document.activeElement.id;
    const left = new Map([...live.children].map((child, at) => [child.id || at, child]));
    let place = null;
    for (const [at, child] of [...fresh.children].entries()) {
      const old = left.get(child.id || at);
      left.delete(child.id || at);
      if (old?.outerHTML === child.outerHTML) { place = old; continue; }
      const made = document.adoptNode(child);
      if (old) old.replaceWith(made);
      else if (place) place.after(made);
      else live.prepend(made);
      place = made;
    }
    for (const child of left.values()) child.remove();
    if (!fresh.dataset.poll) live.removeAttribute("data-poll");
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
    return true;
  }

  if (!site) {
    document.querySelector(".error-summary")?.focus();
    // A double click is one click: the answer to the first is the one that can be undone.
    document.addEventListener("submit", (event) => {
      const form = event.target.closest("[data-once]");
      if (form?.dataset.once === "sent") event.preventDefault();
      else if (form) form.dataset.once = "sent";
    });
    addEventListener("pageshow", () => {
      for (const form of document.querySelectorAll("[data-once]")) form.dataset.once = "";
    });
    const look = { cache: "no-store", headers: LOOKING };
    watch(async () => {
      // The page that answers a form has no address of its own to look at again.
      const place = document.querySelector("[data-poll-at]")?.dataset.pollAt;
      const answer = await fetch(place || location.href, look);
      if (answer.status === 401) location.reload(); // what it showed is for nobody's eyes any more
      return parse(await answer.text());
    });
    return;
  }

  // --- in the frame ---------------------------------------------------------------------------

  let token = "";
  let busy = false;
  let here = root.dataset.start;
  let draft = ""; // sealed: what was typed when the session had ended, until it stands in a form again

  async function load(address, body, more) {
    const headers = { "Portal-Frame": site, Accept: "text/html", ...more };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (draft) headers["Portal-Draft"] = draft;
    const answer = await fetch(address, {
      method: body ? "POST" : "GET", body, headers,
      mode: "same-origin", credentials: "omit", cache: "no-store",
    });
    const given = answer.headers.get("Portal-Session");
    if (given !== null) token = given;
    if (answer.headers.has("Portal-Draft")) draft = "";
    const next = answer.headers.get("Portal-Next");
    return next ? load(new URL(next, location.origin).href) : answer;
  }

  async function go(address, { body, remember = true, quiet = false } = {}) {
    if (busy) return;
    busy = true;
    const before = main();
    before.setAttribute("aria-busy", "true");
    const offline = document.getElementById("offline");
    try {
      const answer = await load(address, body);
      if (answer.headers.get("Content-Disposition")?.startsWith("attachment")) {
        await save(answer);
        return;
      }
      const page = parse(await answer.text());
      const fresh = page.getElementById("main");
      if (!fresh) throw new TypeError("not a page of the portal");
      offline.hidden = true;
      draft = fresh.querySelector("[data-draft]")?.dataset.draft ?? draft;
      before.replaceWith(document.adoptNode(fresh));
      document.title = page.title;
      root.lang = page.documentElement.lang;
      here = answer.url;
      // The frame keeps its own address: a reload must ask for the only page that may be framed.
      const entry = { portal: here };
      if (remember && (!body || answer.redirected)) history.pushState(entry, "");
      else history.replaceState(entry, "");
      if (!quiet) focus();
      watch(async () => parse(await (await load(here, null, LOOKING)).text()));
    } catch {
      offline.hidden = false;
    } finally {
      before.removeAttribute("aria-busy");
      busy = false;
    }
  }

  function focus() {
    const target = main().querySelector(".error-summary, [aria-invalid=true], h1");
    if (!target) return;
    if (target.tagName === "H1") target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  async function save(answer) {
    const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name ? name[1] : "download";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  const isOurs = (address) => new URL(address, location.href).origin === location.origin;

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey) return;
    if (link.target || link.hasAttribute("download") || !/^https?:/.test(link.href)) return;
    if (!isOurs(link.href)) return;
    event.preventDefault();
    if (link.hash && link.pathname === location.pathname) {
      document.getElementById(link.hash.slice(1))?.focus();
    } else go(link.href);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const action = event.submitter?.getAttribute("formaction") || form.getAttribute("action") || here;
    if (form.target || !isOurs(action)) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    if (form.method === "post") go(new URL(action, location.origin).href, { body });
    else go(`${action}?${body}`);
  });

  addEventListener("popstate", (event) => {
    if (event.state?.portal) go(event.state.portal, { remember: false });
  });

  // The host page is told one thing, the height, and only if it is a page of this site.
  const origins = root.dataset.origins.split(" ");
  const host = location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
  if (window.parent !== window && origins.includes(host)) {
    let told = 0;
    new ResizeObserver(() => {
      const height = Math.ceil(document.body.getBoundingClientRect().height);
      if (height !== told) parent.postMessage({ portal: "height", height: (told = height) }, host);
    }).observe(document.body);
  }

  // Nobody asked for the first page: whoever is at the top of the host's page stays there.
  go(here, { remember: false, quiet: true });
})();
