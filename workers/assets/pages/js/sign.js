// The signing page: puts the parts together. Documents, fields, guide, signature, consent, finish, decline.
import { createDeclineDialog } from "./decline.js";
import { showDocument } from "./document.js";
import { createField, createOther, inReadingOrder, showSignature } from "./fields.js";
import { createGuide, goTo } from "./guide.js";
import { createSignatureDialog, picture } from "./signature.js";
import { once, send } from "./submit.js";
import { say } from "./words.js";
import "./time.js";

const ceremony = JSON.parse(document.getElementById("ceremony").textContent);
const { words } = ceremony;
const problems = document.getElementById("problems");
const finish = document.getElementById("finish");
const finishText = finish.textContent;
// Fields by document, so that the order stays right whichever document loads first.
const fieldsOf = ceremony.documents.map(() => []);
let signature = null;

const fields = () => fieldsOf.flat();
const consent = consentStep();
const guide = createGuide(() => fields().filter((field) => field.required), consent, words);

const dialog = createSignatureDialog(ceremony.signer_name, words, (chosen, opener) => {
  signature = chosen;
  for (const field of fields().filter((each) => each.kind === "signature")) {
    showSignature(field.control, picture(chosen), field.label, words);
    field.setError(null);
    field.refresh();
  }
  opener?.focus({ preventScroll: true });
  guide.update();
  guide.announce(words.signature_adopted);
});

function consentStep() {
  const control = document.getElementById("consent");
  const error = document.getElementById("consent-error");
  const step = {
    id: "consent", kind: "consent", label: document.querySelector('label[for="consent"]').textContent, control,
    isDone: () => control.checked,
    focus: () => control.focus({ preventScroll: true }),
    problem: () => (control.checked ? null : words.missing_consent),
    setError(text) {
      error.textContent = text ?? "";
      error.hidden = !text;
      if (text) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    },
  };
  control.addEventListener("change", () => { step.setError(null); guide.update(); });
  return step;
}

/** Shows one document and puts its boxes on its pages. */
async function start(description, index) {
  const container = document.querySelector(`.pages[data-document="${index}"]`);
  const url = `/sign/${encodeURIComponent(ceremony.request)}/documents/${index}`;
  const overlays = await showDocument(container, url, description, words);
  for (const box of description.others) overlays.get(box.page)?.append(createOther(box, words));
  for (const box of [...description.fields].sort(inReadingOrder)) {
    const field = createField(box, words, () => guide.update(), (opener) => dialog.open(opener));
    overlays.get(box.page)?.append(field.element);
    fieldsOf[index].push(field);
    if (field.kind === "signature" && signature) showSignature(field.control, picture(signature), field.label, words);
  }
  guide.update();
}

/** A signature is due but has no box on any page: offer one beside the consent. */
function offerSlot() {
  const boxes = ceremony.documents.flatMap((each) => each.fields).filter((field) => field.kind === "signature");
  if (!ceremony.signature_required || boxes.length > 0) return;
  const slot = document.getElementById("signature-slot");
  const box = { id: "signature", kind: "signature", required: true, label: document.getElementById("signature-slot-label").textContent, x: 0, y: 0, width: 0, height: 0 };
  const field = createField(box, words, () => guide.update(), (opener) => dialog.open(opener));
  slot.append(field.element);
  slot.hidden = false;
  fieldsOf.push([field]);
}

/** What an answer of the server means, in plain words. */
function explain(result) {
  if (result.kind === "ended") { setTimeout(() => location.reload(), 600); return words.ended; }
  if (result.kind === "lost") return words.session_lost;
  if (result.kind === "busy") return words.busy;
  if (result.kind === "network") return words.network;
  if (result.kind === "errors") return result.errors.map((error) => error.detail || words.refused).join(" ");
  return words.refused;
}

/** The list of problems above the document: each leads to its field. */
function showProblems(lead, items = []) {
  problems.replaceChildren();
  problems.hidden = !lead;
  if (!lead) return;
  const text = document.createElement("p");
  text.textContent = lead;
  problems.append(text);
  if (items.length === 0) return;
  const list = document.createElement("ul");
  for (const { step, detail } of items) {
    const link = document.createElement("a");
    link.href = `#${step.control.id}`;
    link.textContent = step.label;
    link.addEventListener("click", (event) => { event.preventDefault(); goTo(step); });
    const item = document.createElement("li");
    item.append(link, ` – ${detail}`);
    list.append(item);
  }
  problems.append(list);
}

/** Marks every wrong step; returns whether there was any. */
function mark(items) {
  for (const { step, detail } of items) step.setError(detail);
  if (items.length === 0) return false;
  const lead = items.length === 1 ? words.attention_one : say(words.attention, { count: items.length });
  showProblems(lead, items);
  goTo(items[0].step);
  return true;
}

/** The server's errors: at their fields where we know them, else above the document. */
function showErrors(errors) {
  const steps = [...fields(), consent];
  const stepOf = (error) => steps.find((step) => step.id === error.field)
    ?? (error.field === "signature" ? steps.find((step) => step.kind === "signature") : undefined);
  const items = errors.filter(stepOf).map((error) => ({ step: stepOf(error), detail: error.detail || words.refused }));
  const rest = errors.filter((error) => !stepOf(error));
  mark(items);
  if (rest.length > 0) {
    showProblems(explain({ kind: "errors", errors: rest }), items);
    problems.focus();
  }
}

function answer() {
  const values = {};
  for (const field of fields()) {
    const value = field.value();
    if (value !== undefined) values[field.id] = value;
  }
  return { consent: true, ...(signature ? { signature } : {}), fields: values };
}

const started = Promise.all(ceremony.documents.map(start)).then(() => true, (error) => { console.error(error); return false; });

const submit = once(async () => {
  showProblems(null);
  // Without every field on its page the answer would be incomplete.
  const loaded = await started;
  if (!loaded) { showProblems(words.load_failed); problems.focus(); return false; }
  const steps = [...fields(), consent];
  for (const step of steps) step.setError(null);
  const wrong = steps.map((step) => ({ step, detail: step.problem() })).filter((item) => item.detail);
  if (mark(wrong)) return false;
  guide.announce(words.sending);
  const result = await send(ceremony.sign_url, answer());
  if (result.kind === "next") return leave(result.url);
  if (result.kind === "errors") { showErrors(result.errors); return false; }
  showProblems(explain(result));
  problems.scrollIntoView({ block: "center" });
  problems.focus();
  return result.kind === "ended";
}, (busy) => {
  finish.setAttribute("aria-disabled", String(busy));
  finish.textContent = busy ? words.sending : finishText;
});

function leave(url) {
  location.assign(url);
  return true;
}

finish.addEventListener("click", submit);
createDeclineDialog(ceremony.decline_url, words, leave, explain);
offerSlot();
guide.update();
// A page that comes back from the browser's memory may be out of date.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
