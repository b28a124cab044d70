// The sender's progress page: fetches its own address while it is open and swaps what has changed.
import { localiseTimes } from "./time.js";

const EVERY_MS = 10_000;
const live = document.getElementById("live");
let current = document.getElementById("progress-page");
// The markup as the server wrote it, before the times were localised.
let seen = null;

/** Fetches the page and returns its progress element, or nothing when that is not possible now. */
async function fetchProgress() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (response.status === 404 || response.status === 410) location.reload();
  if (!response.ok) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.getElementById("progress-page");
}

/** Swaps the progress if it changed, keeps the keyboard where it was, and says so. */
function show(fresh) {
  const markup = fresh.innerHTML;
  if (markup === seen) return;
  const first = seen === null;
  seen = markup;
  if (first && fresh.textContent.replace(/\s+/g, " ") === original) return;
  const links = [...current.querySelectorAll("a")];
  const focused = links.indexOf(document.activeElement);
  const element = document.importNode(fresh, true);
  localiseTimes(element);
  current.replaceWith(element);
  current = element;
  if (focused >= 0) current.querySelectorAll("a")[focused]?.focus({ preventScroll: true });
  live.textContent = `${live.dataset.updated} ${document.getElementById("acted").textContent}`;
}

/** What the page said before its times were localised: each keeps its UTC form as a tooltip. */
function serverText() {
  const copy = current.cloneNode(true);
  for (const time of copy.querySelectorAll("time[title]")) time.textContent = time.title;
  return copy.textContent.replace(/\s+/g, " ");
}

const original = serverText();

async function tick() {
  if (document.visibilityState === "visible") {
    try {
      const fresh = await fetchProgress();
      if (fresh) show(fresh);
    } catch {
      // The network is away: the next tick tries again.
    }
  }
  schedule();
}

function schedule() {
  if (current.dataset.final !== "true") setTimeout(tick, EVERY_MS);
}

schedule();
