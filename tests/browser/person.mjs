// A person at a browser: opens pages as people do, and watches what they must never see: a request to
// another host, a breach of the content policy, an error on the console, an accessibility violation.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

// Where `npm ci` put the packages; in a developer's folder they may lie beside this file.
const tools = process.env.COUNTERSIGN_TEST_TOOLS;
const require = createRequire(tools ? path.join(tools, "node", "package.json") : import.meta.url);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  // A camera and a microphone that nobody has to hold.
  "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
];
const PATIENCE_MS = 30_000;

/** What is expected, in words, or a failure. */
export function expect(condition, words) {
  if (!condition) throw new Error(`expected ${words}`);
}

/** Expects two values to be the same. */
export function same(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: found ${a}, wanted ${b}`);
}

/** Starts a browser, for which the name countersign.example leads to this machine. */
export async function openBrowser() {
  const rules = "--host-resolver-rules=MAP countersign.example 127.0.0.1";
  const browser = await chromium.launch({
    executablePath: process.env.COUNTERSIGN_TEST_BROWSER ?? "/usr/bin/chromium",
    args: [...FLAGS, rules],
    // As at people's desks: without one, a file whose name has an accent is saved as "download".
    env: { ...process.env, LANG: "C.UTF-8", LC_ALL: "C.UTF-8" },
    timeout: PATIENCE_MS,
  });
  const problems = [];
  const pages = [];
  return {
    problems,
    /** A new person with a screen of `width` pixels; up to 600 it is a phone with a touch screen. */
    async person({ width = 1280, locale = "en-US", dark = false, origin, ignore = [] }) {
      const phone = width < 600;
      const context = await browser.newContext({
        viewport: { width, height: phone ? 844 : 900 },
        deviceScaleFactor: phone ? 2 : 1,
        hasTouch: phone,
        isMobile: phone,
        reducedMotion: "reduce",
        colorScheme: dark ? "dark" : "light",
        locale,
      });
      context.setDefaultTimeout(PATIENCE_MS);
      await context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`);
        });
      });
      context.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol === "data:" || (url.protocol === "blob:" && url.origin === origin)) return;
        if (url.origin !== origin) problems.push(`a request left for ${request.url()}`);
      });
      const page = await context.newPage();
      watch(page, problems, ignore);
      pages.push(page);
      return Object.assign(page, { person: { phone, context } });
    },
    /** What was seen on the way is a failure, whatever the script says. */
    async settle() {
      if (problems.length > 0) throw new Error("the pages misbehaved");
    },
    async pictures(folder) {
      const files = [];
      for (const [index, page] of pages.entries()) {
        const file = path.join(folder, `page-${index}.png`);
        const taken = await page.screenshot({ path: file }).then(() => true, () => false);
        if (taken) files.push(file);
      }
      return files;
    },
    close: () => browser.close(),
  };
}

function watch(page, problems, ignore) {
  page.on("pageerror", (error) => problems.push(`a script failed: ${error.stack}`));
  page.on("console", (message) => {
    const text = message.text();
    // The browser itself says so of a page that is rightly not 200.
    const expected = text.startsWith("Failed to load resource") && ignore.some((status) => text.includes(`${status}`));
    if (message.type() === "error" && !expected) problems.push(`on the console: ${text}`);
  });
}

/** No violation of the accessibility rules on the page as it is now. */
export async function accessible(page, what) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const violations = await page.evaluate(async () => (await globalThis.axe.run(document)).violations);
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
  same(told, [], `accessibility of ${what}`);
}

/** The page is no wider than the screen. */
export async function fits(page, what) {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content <= screen, `${what} to fit ${screen} pixels; it needs ${content}`);
}

/** Keeps a picture for whoever wants to look: only when asked for. */
export async function picture(page, name, whole = false) {
  const folder = process.env.COUNTERSIGN_TEST_PICTURES;
  if (!folder) return;
  const width = page.viewportSize().width;
  await page.screenshot({ path: path.join(folder, `${name}-${width}.png`), fullPage: whole });
}
