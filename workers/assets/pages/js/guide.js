// The guide: how much is done, what comes next, and the way there.
import { say } from "./words.js";

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Brings an element into the middle of the window and gives it the keyboard. */
export function goTo(step) {
  step.control.scrollIntoView({ block: "center", inline: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  step.focus();
}

/** `steps()` are the required fields in reading order, `consent` is the last step. */
export function createGuide(steps, consent, words) {
  const get = (id) => document.getElementById(id);
  const next = get("next");
  const bar = get("progress");
  const text = get("progress-text");
  const live = get("live");
  let last = "";

  const missing = () => [...steps(), consent].filter((step) => !step.isDone());

  function update() {
    const all = steps();
    const done = all.filter((step) => step.isDone()).length;
    const total = all.length;
    const sentence = total === 0 ? words.progress_none : total === 1 ? words.progress_one : words.progress;
    text.textContent = say(sentence, { done, total });
    bar.max = Math.max(1, total);
    bar.value = total === 0 ? 1 : done;
    const open = missing();
    if (open.length === 0 && document.activeElement === next) get("finish").focus();
    next.hidden = open.length === 0;
    next.textContent = open[0] === consent ? words.to_consent : done === 0 ? words.start : words.next;
    const state = open.length === 0 ? words.ready : open[0] === consent && total > 0 ? words.all_done : text.textContent;
    if (last !== "" && state !== last) live.textContent = state;
    last = state;
  }

  next.addEventListener("click", () => {
    const all = [...steps(), consent];
    const here = all.findIndex((step) => step.control === lastFocused);
    const step = all.find((each, index) => index > here && !each.isDone()) ?? missing()[0];
    if (step) goTo(step);
  });
  let lastFocused = null;
  document.addEventListener("focusin", (event) => { if (event.target !== next) lastFocused = event.target; });

  return { update, announce: (sentence) => { live.textContent = sentence; } };
}
