// What a step does better with a script: pictures are shown and made smaller before they leave the phone, a form is
// sent once, and a payment is copied. Without it all of it works too.
import "./time.js";

const SIDE_MAX = 2400; // pixels of a picture's longer side: enough to read a document
const SMALL_BYTES = 600_000; // a picture that is no larger is left as it is
const QUALITY = 0.86;

/** A smaller JPEG of a picture; the picture itself where the browser cannot make one. */
async function smaller(file) {
  if (!file.type.startsWith("image/") || file.size <= SMALL_BYTES) return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, SIDE_MAX / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.[^.]*$/, "") + ".jpg", { type: "image/jpeg" });
  } catch {
    return file;
  }
}

for (const input of document.querySelectorAll('input[type="file"]')) {
  const preview = input.parentElement.querySelector(".preview");
  input.addEventListener("change", async () => {
    const files = await Promise.all([...input.files].map(smaller));
    const kept = new DataTransfer();
    for (const file of files) kept.items.add(file);
    input.files = kept.files;
    if (preview.src) URL.revokeObjectURL(preview.src);
    const one = files.length === 1 && files[0].type.startsWith("image/") ? files[0] : null;
    preview.hidden = !one;
    if (one) preview.src = URL.createObjectURL(one);
    else preview.removeAttribute("src");
  });
}

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    form.querySelector("button:not([type])")?.setAttribute("aria-disabled", "true");
  });
}
// A page that comes back from the browser's memory may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    form.querySelector("button:not([type])")?.removeAttribute("aria-disabled");
  }
});

const copy = document.getElementById("pix-copy");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("pix-text").value);
    document.getElementById("pix-status").textContent = copy.dataset.copied;
  });
}

document.getElementById("step-fault")?.scrollIntoView({ block: "center" });
document.querySelector('[aria-invalid="true"]')?.focus();
