// The signer's own fields on the pages, and the quiet outlines of everyone else's.
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** Today where the reader is, as YYYY-MM-DD. */
function today() {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

// Boxes whose bottoms are within about this many points stand on one line.
const LINE_POINTS = 12;

/** Line by line, then left to right: the order of reading, and of the keyboard. */
export function inReadingOrder(a, b) {
  const line = (box) => Math.round((box.y + box.height) / LINE_POINTS);
  return a.page - b.page || line(a) - line(b) || a.x - b.x;
}

/** Puts an element at its box: the style sheet turns points into pixels. */
function place(element, box) {
  for (const side of ["x", "y", "width", "height"]) element.style.setProperty(`--${side}`, box[side]);
}

/** A field: its elements, its value and its error. `changed` is called when the value changes. */
export function createField(box, words, changed, openSignature) {
  const element = document.createElement("div");
  element.className = `field field-${box.kind}`;
  element.dataset.field = box.id;
  place(element, box);
  const label = box.label?.trim() || words[box.kind];
  const error = document.createElement("p");
  error.id = `error-${box.id}`;
  error.className = "field-error";
  error.hidden = true;
  const make = { text: textControl, date: dateControl, checkbox: checkboxControl, signature: signatureControl }[box.kind];
  const control = make(box, label, words, openSignature);
  control.id = `field-${box.id}`;
  element.append(control);
  if (box.kind !== "signature") element.append(labelFor(control, box, label, words));
  element.append(error);
  const field = {
    id: box.id, kind: box.kind, required: box.required, label, element, control,
    value: () => valueOf(box, control),
    isDone: () => isFilled(box, control),
    focus: () => control.focus({ preventScroll: true }),
    setError(text) {
      error.textContent = text ?? "";
      error.hidden = !text;
      element.classList.toggle("wrong", Boolean(text));
      if (text) leanInside(element);
      if (text) { control.setAttribute("aria-invalid", "true"); control.setAttribute("aria-describedby", error.id); }
      else { control.removeAttribute("aria-invalid"); control.removeAttribute("aria-describedby"); }
    },
    problem: () => problemOf(box, control, words),
  };
  const onChange = () => { field.setError(null); element.classList.toggle("done", field.isDone()); changed(field); };
  control.addEventListener("input", onChange);
  control.addEventListener("change", onChange);
  control.addEventListener("focus", () => { leanInside(element); keepInside(element); });
  element.classList.toggle("required", box.required);
  element.classList.toggle("done", field.isDone());
  field.refresh = () => element.classList.toggle("done", field.isDone());
  return field;
}

function labelFor(control, box, label, words) {
  const element = document.createElement("label");
  element.className = "field-label";
  element.htmlFor = control.id;
  element.textContent = box.required ? label : `${label} (${words.optional})`;
  return element;
}

function inputOf(type, box) {
  const input = document.createElement("input");
  input.type = type;
  input.required = box.required;
  return input;
}

function textControl(box, label) {
  const input = inputOf("text", box);
  input.placeholder = label;
  input.value = box.value ?? "";
  if (box.max_length) input.maxLength = box.max_length;
  return input;
}

function dateControl(box) {
  const input = inputOf("date", box);
  input.value = box.value ?? today();
  return input;
}

function checkboxControl(box) {
  const input = inputOf("checkbox", box);
  input.checked = box.value === "true";
  return input;
}

function signatureControl(box, label, words, openSignature) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sign-here";
  button.setAttribute("aria-haspopup", "dialog");
  button.addEventListener("click", () => openSignature(button));
  showSignature(button, null, label, words);
  return button;
}

/** Shows a signature (an SVG) in its box, or the invitation to sign. */
export function showSignature(button, picture, label, words) {
  button.replaceChildren();
  button.classList.toggle("signed", Boolean(picture));
  if (picture) {
    button.append(picture);
    // A typed name is seen, so that it must be heard, too (WCAG 2.2, 2.5.3).
    const spoken = [picture.textContent, say(words.change_signature, { label })];
    button.setAttribute("aria-label", spoken.filter(Boolean).join(". "));
    return;
  }
  const text = document.createElement("span");
  text.textContent = words.sign_here;
  button.append(penIcon(), text);
  button.setAttribute("aria-label", label === words.signature ? words.sign_here : `${words.sign_here}: ${label}`);
}

function penIcon() {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  icon.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M4 20l1-4L16 5l3 3L8 19l-4 1zM14 7l3 3");
  icon.append(path);
  return icon;
}

function valueOf(box, control) {
  if (box.kind === "checkbox") return control.checked ? true : undefined;
  if (box.kind === "signature") return undefined;
  return control.value.trim() === "" ? undefined : control.value.trim();
}

function isFilled(box, control) {
  if (box.kind === "signature") return control.classList.contains("signed");
  return valueOf(box, control) !== undefined;
}

/** What is wrong with a field, in words; nothing when all is well. */
function problemOf(box, control, words) {
  if (control.validity?.badInput) return words.bad_date;
  if (box.required && !isFilled(box, control)) return words[`missing_${box.kind}`];
  if (box.max_length && box.kind === "text" && [...control.value.trim()].length > box.max_length) {
    return say(words.too_long, { max: box.max_length });
  }
  return null;
}

/** Lets the error and the label of a field on the right half of its page grow to the left. */
function leanInside(element) {
  const box = element.getBoundingClientRect();
  const page = element.closest(".page")?.getBoundingClientRect();
  element.classList.toggle("to-left", Boolean(page) && box.left + box.width / 2 > page.left + page.width / 2);
}

/** A focused field may grow on a small screen: keep it within its page. */
function keepInside(element) {
  element.style.setProperty("--shift", "0px");
  const control = element.firstElementChild.getBoundingClientRect();
  const page = element.closest(".page")?.getBoundingClientRect();
  if (!page) return;
  const over = Math.max(0, control.right - page.right + 4) - Math.max(0, page.left - control.left + 4);
  element.style.setProperty("--shift", `${-over}px`);
}

/** The outline of a box that belongs to someone else. */
export function createOther(box, words) {
  const element = document.createElement("div");
  element.className = "other";
  element.classList.toggle("other-done", box.done);
  place(element, box);
  const text = document.createElement("span");
  const name = say(box.done ? words.other_done : words.other, { name: box.name });
  const shown = box.value && box.kind !== "signature" && box.kind !== "checkbox" ? box.value : name;
  text.textContent = box.kind === "checkbox" && box.value === "true" ? "✓" : shown;
  element.append(text);
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", `${words[box.kind]}: ${name}${box.value && box.kind === "text" ? `, ${box.value}` : ""}`);
  return element;
}
