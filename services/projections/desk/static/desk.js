"use strict";
// Three small things, all of which the pages do without: times in the viewer's zone, filters that need no button,
// and pages that follow what happens.
(() => {
  document.documentElement.classList.add("scripted");

  const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const exact = new Intl.DateTimeFormat("en-GB", {
    weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  function span(seconds) {
    for (const [name, length] of units) {
      const count = Math.floor(seconds / length);
      if (count >= 1) return `${count} ${name}${count === 1 ? "" : "s"}`;
    }
    return "";
  }
  function words(time, kind) {
    const length = span((Date.now() - time) / 1000);
    if ("ago" in kind) return length ? `${length} ago` : "just now";
    return "span" in kind ? length || "a moment" : exact.format(time);
  }
  function showTimes(root) {
    for (const element of root.querySelectorAll("time[datetime]")) {
      const time = new Date(element.dateTime);
      element.title = exact.format(time);
      element.textContent = words(time, element.dataset);
    }
  }
  showTimes(document);
  setInterval(() => showTimes(document), 30000);

  for (const form of document.querySelectorAll("form[data-filters]")) {
    form.addEventListener("change", () => {
      const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
      location.assign(chosen.size ? `/?${chosen}` : "/");
    });
  }

  const main = document.querySelector("main[data-mark]");
  if (!main) return;
  let shown = main.dataset.mark;
  let newest = shown;
  let asking = false;

  function replace(old, fresh) {
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const typed = new Map();
    for (const field of old.querySelectorAll("select[id]")) typed.set(field.id, field.value);
    const open = new Set([...old.querySelectorAll("details")].flatMap((each, n) => (each.open ? [n] : [])));
    old.replaceChildren(...fresh.childNodes);
    old.className = fresh.className;
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field && value) field.value = value;
    }
    old.querySelectorAll("details").forEach((each, n) => { each.open = open.has(n); });
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  async function follow() {
    if (asking || newest === shown || document.visibilityState !== "visible") return;
    asking = true;
    const wanted = newest;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected || answer.status === 404) location.reload();
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        showTimes(page);
        for (const old of document.querySelectorAll("[data-live][id]")) {
          const fresh = page.getElementById(old.id);
          if (fresh) replace(old, fresh);
        }
        document.title = page.title;
        shown = wanted;
      }
    } catch {
      // The server is away: asked again below.
    }
    asking = false;
    if (newest !== shown) setTimeout(follow, 2000);
  }

  if (main.dataset.every) setInterval(() => { shown = ""; follow(); }, Number(main.dataset.every) * 1000);

  const source = new EventSource("/desk/live");
  source.addEventListener("mark", (event) => { newest = event.data; follow(); });
  document.addEventListener("visibilitychange", follow);
})();
