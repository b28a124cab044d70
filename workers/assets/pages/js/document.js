// Shows a PDF: one box per page at once, its picture when it comes near the window, sharp at any zoom.
import { say } from "./words.js";

const VENDOR = new URL("../vendor/pdfjs/", import.meta.url).href;
const FALLBACK = { width: 595.28, height: 841.89 };
// Phones refuse a canvas above 16 million pixels.
const MOST_PIXELS = 12_000_000;
const MOST_ZOOM = 3;

// How far from the window a page is drawn, and a document fetched.
const NEAR = "120% 0px";

let renderer = null;

/** The vendored renderer with its worker, loaded once: all documents share it. */
function loadRenderer() {
  renderer ??= import(`${VENDOR}pdf.min.mjs`).then((pdfjs) => {
    pdfjs.GlobalWorkerOptions.workerSrc = `${VENDOR}pdf.worker.min.mjs`;
    return { pdfjs, worker: new pdfjs.PDFWorker() };
  });
  return renderer;
}

/** Opens the PDF of `url`. */
async function openPdf(url) {
  const { pdfjs, worker } = await loadRenderer();
  return pdfjs.getDocument({
    url,
    worker,
    cMapUrl: `${VENDOR}cmaps/`,
    standardFontDataUrl: `${VENDOR}standard_fonts/`,
    wasmUrl: `${VENDOR}wasm/`,
    iccUrl: `${VENDOR}iccs/`,
    enableXfa: false,
  }).promise;
}

/** Resolves once an element is near the window: of many documents, none is fetched before somebody comes to it. */
function comesNear(element) {
  return new Promise((resolve) => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      resolve();
    }, { rootMargin: NEAR });
    observer.observe(element);
  });
}

/** The sizes of the PDF's pages in points; only pages that hold boxes are asked, the rest look like the first. */
async function askSizes(pdf, wanted) {
  const size = async (number) => {
    const view = (await pdf.getPage(number)).getViewport({ scale: 1 });
    return { width: view.width, height: view.height };
  };
  const first = await size(1);
  const sizes = Array.from({ length: pdf.numPages }, () => first);
  for (const number of wanted) if (number > 1 && number <= pdf.numPages) sizes[number - 1] = await size(number);
  return sizes;
}

/**
 * Builds the pages of one document inside `container` and keeps their pictures up to date.
 * Resolves with the page elements' overlays by number, as soon as there are boxes to put fields on.
 */
export async function showDocument(container, url, description, words) {
  const boxes = [...description.fields, ...description.others];
  const wanted = new Set(boxes.map((box) => box.page));
  let opening = null;
  let sizes = description.page_sizes;
  let failed = null;
  if (sizes.length === 0) {
    try {
      opening = openPdf(url);
      const pdf = await opening;
      sizes = await askSizes(pdf, wanted);
    } catch (error) {
      failed = error;
      sizes = Array.from({ length: Math.max(1, ...wanted) }, () => FALLBACK);
    }
  }
  const total = Math.max(sizes.length, ...wanted);
  const pages = [];
  for (let number = 1; number <= total; number += 1) {
    const appended = number > sizes.length;
    const page = buildPage({ number, total, appended, size: appended ? description.sheet : sizes[number - 1], description, words });
    pages.push(page);
    if (number === sizes.length + 1) container.append(aboutSheet(description, words));
    container.append(page.element);
  }
  const notice = container.parentElement.querySelector(".loading");
  const fail = () => {
    notice.textContent = words.load_failed;
    notice.classList.add("alert");
    for (const page of pages) page.fail();
  };
  opening ??= comesNear(container).then(() => openPdf(url));
  if (failed) fail();
  else opening.then((pdf) => { notice.remove(); watch(pdf, pages.filter((page) => !page.appended)); }, fail);
  return new Map(pages.map((page) => [page.number, page.overlay]));
}

/** One page: a box of the right shape, a canvas for the picture, an overlay for the fields. */
function buildPage({ number, total, appended, size, description, words }) {
  const names = { page: number, pages: total, document: description.name };
  const element = document.createElement("div");
  element.className = "page paper";
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", say(appended ? words.sheet : words.page, names));
  element.style.setProperty("--page-width", size.width);
  element.style.aspectRatio = `${size.width} / ${size.height}`;
  const page = { number, appended, size, element, overlay: null, canvas: null, task: null, shown: 0, fail() {} };
  if (!appended) {
    const waiting = document.createElement("p");
    waiting.className = "page-waiting";
    waiting.textContent = say(words.loading_page, names);
    page.canvas = document.createElement("canvas");
    page.canvas.setAttribute("role", "img");
    page.canvas.setAttribute("aria-label", say(words.page_picture, names));
    page.fail = () => waiting.remove();
    page.drawn = () => waiting.remove();
    element.append(waiting, page.canvas);
  }
  page.overlay = document.createElement("div");
  page.overlay.className = "overlay";
  element.append(page.overlay);
  return page;
}

/** What pages are that we append. It stands over the first, which is blank: signatures may begin at its very top. */
function aboutSheet(description, words) {
  const about = document.createElement("div");
  about.className = "about-sheet";
  const title = document.createElement("h3");
  title.textContent = words.sheet_title;
  const note = document.createElement("p");
  note.className = "hint";
  note.textContent = say(words.sheet_note, { name: description.name });
  about.append(title, note);
  return about;
}

/** Draws pages that come near the window, lets go of those far away, and draws again after a zoom. */
function watch(pdf, pages) {
  const near = new Set();
  const byElement = new Map(pages.map((page) => [page.element, page]));
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const page = byElement.get(entry.target);
      if (entry.isIntersecting) { near.add(page); draw(pdf, page); } else { near.delete(page); release(page); }
    }
  }, { rootMargin: NEAR });
  for (const page of pages) observer.observe(page.element);
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { for (const page of near) draw(pdf, page); }, 250);
  };
  window.visualViewport?.addEventListener("resize", again);
  window.addEventListener("resize", again);
}

/** The number of canvas pixels per CSS pixel that looks sharp now and stays within what phones allow. */
function density(width, height) {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, window.visualViewport?.scale ?? 1));
  const sharp = (window.devicePixelRatio || 1) * zoom;
  return Math.min(sharp, Math.sqrt(MOST_PIXELS / (width * height)));
}

/** Draws a page if its picture is missing or too coarse; the old picture stays until the new one is ready. */
async function draw(pdf, page) {
  const width = page.element.clientWidth;
  const height = page.element.clientHeight;
  if (width === 0 || height === 0) return;
  const pixels = Math.round(width * density(width, height));
  if (Math.abs(pixels - page.shown) < 2) return;
  page.task?.cancel();
  page.shown = pixels;
  try {
    const source = await pdf.getPage(page.number);
    if (page.shown !== pixels) return;
    const natural = source.getViewport({ scale: 1 });
    const viewport = source.getViewport({ scale: pixels / natural.width });
    const canvas = page.canvas.cloneNode(false);
    canvas.width = Math.floor(viewport.width);
    canvas.height = Math.floor(viewport.height);
    page.task = source.render({ canvas, viewport });
    await page.task.promise;
    page.canvas.replaceWith(canvas);
    page.canvas = canvas;
    page.drawn();
  } catch (error) {
    if (error?.name !== "RenderingCancelledException") page.shown = 0;
  }
}

/** Gives the memory of a picture back. */
function release(page) {
  page.task?.cancel();
  page.task = null;
  page.shown = 0;
  page.canvas.width = 0;
  page.canvas.height = 0;
}
