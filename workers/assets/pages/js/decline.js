// The refusal: a dialog that asks for a reason and confirms.
import { once, send } from "./submit.js";
import { say } from "./words.js";

const MOST_CHARACTERS = 1_000;

/** Wires the dialog. `leave(url)` goes on, `explain(result)` says in words what went wrong. */
export function createDeclineDialog(url, words, leave, explain) {
  const get = (id) => document.getElementById(id);
  const dialog = get("decline-dialog");
  const reason = get("decline-reason");
  const error = get("decline-error");
  const confirm = get("decline-confirm");
  const number = (value) => value.toLocaleString(document.documentElement.lang);
  const count = () => {
    get("decline-count").textContent = say(words.characters, { count: number([...reason.value].length), max: number(MOST_CHARACTERS) });
  };

  function setError(text) {
    error.textContent = text ?? "";
    error.hidden = !text;
    if (text) reason.setAttribute("aria-invalid", "true");
    else reason.removeAttribute("aria-invalid");
  }
  const submit = once(async () => {
    const text = reason.value.trim();
    if (text === "") { setError(words.missing_reason); reason.focus(); return false; }
    setError(null);
    const result = await send(url, { reason: text });
    if (result.kind === "next") return leave(result.url);
    setError(explain(result));
    return result.kind === "ended";
  }, (busy) => { confirm.setAttribute("aria-disabled", String(busy)); });

  reason.addEventListener("input", () => { setError(null); count(); });
  get("decline").addEventListener("click", () => { setError(null); count(); dialog.showModal(); reason.focus(); });
  get("decline-back").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
}
