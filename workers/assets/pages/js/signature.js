// The signature: the dialog with its two ways, typing and drawing, and the picture of what was chosen.
import { createPad, pathOf } from "./pad.js";
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const FONT = '500 48px "Dancing Script"';

function svg(width, height, ...children) {
  const element = document.createElementNS(SVG, "svg");
  element.setAttribute("viewBox", `0 0 ${width} ${height}`);
  element.setAttribute("aria-hidden", "true");
  element.classList.add("ink");
  element.append(...children);
  return element;
}

/** The width of a text in the handwriting face, in units of the picture. */
function measure(text) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `${FONT}, cursive`;
  return context.measureText(text).width;
}

/** The picture of a signature: it fits any box and keeps its shape. */
export function picture(signature) {
  if (signature.kind === "typed") {
    const text = document.createElementNS(SVG, "text");
    const width = Math.max(120, measure(signature.text) + 16);
    text.setAttribute("x", width / 2);
    text.setAttribute("y", 44);
    text.setAttribute("text-anchor", "middle");
    text.classList.add("handwriting");
    text.textContent = signature.text;
    return svg(width, 64, text);
  }
  const width = 100 * signature.aspect;
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", signature.strokes.map((stroke) => pathOf(stroke, width, 100)).join(""));
  path.classList.add("strokes");
  return svg(width, 100, path);
}

/** Wires the dialog. `adopted(signature)` is called when the person takes a signature over. */
export function createSignatureDialog(name, words, adopted) {
  const get = (id) => document.getElementById(id);
  const dialog = get("signature-dialog");
  const form = dialog.querySelector("form");
  const input = get("typed-name");
  const preview = get("typed-preview");
  const error = get("signature-error");
  const status = get("pad-status");
  const ways = { typed: get("way-typed"), drawn: get("way-drawn") };
  let opener = null;
  input.value = name;
  const pad = createPad(get("pad"), (count, full) => {
    setError(null);
    status.textContent = full ? words.full : count === 0 ? words.cleared : say(words.strokes, { count });
  });
  const way = () => form.elements.way.value;

  function setError(text) {
    error.textContent = text ?? "";
    error.hidden = !text;
    input.toggleAttribute("aria-invalid", false);
    if (text && way() === "typed") input.setAttribute("aria-invalid", "true");
  }
  function showPreview() {
    const text = input.value.trim();
    preview.replaceChildren(...(text ? [picture({ kind: "typed", text })] : []));
  }
  function showWay() {
    setError(null);
    for (const [key, element] of Object.entries(ways)) element.hidden = key !== way();
  }
  /** The signature as chosen, or the reason why there is none. */
  function read() {
    if (way() === "drawn") return pad.isEmpty() ? { problem: words.missing_drawing } : { kind: "drawn", ...pad.value() };
    const text = input.value.trim();
    return text ? { kind: "typed", text } : { problem: words.missing_name };
  }

  input.addEventListener("input", () => { setError(null); showPreview(); });
  for (const radio of form.elements.way) radio.addEventListener("change", showWay);
  get("pad-undo").addEventListener("click", () => pad.undo());
  get("pad-clear").addEventListener("click", () => pad.clear());
  get("signature-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { problem, ...signature } = read();
    if (problem) {
      setError(problem);
      if (way() === "typed") input.focus();
      return;
    }
    dialog.close();
    adopted(signature, opener);
  });

  return {
    open(from) {
      opener = from;
      showWay();
      dialog.showModal();
      document.fonts.load(FONT, input.value || "A").then(showPreview, showPreview);
      if (way() === "typed") input.focus();
    },
  };
}
