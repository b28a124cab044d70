// Runs one script in a browser: `node run.mjs <script> <JSON>`. The script's result is printed as JSON.
// On failure it says why and where the last picture of each page is, and exits with 1.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openBrowser } from "./person.mjs";

const [name, given] = process.argv.slice(2);
const script = await import(new URL(`./${name}.mjs`, import.meta.url));
const browser = await openBrowser();
let code = 0;
try {
  const result = await script.default(browser, JSON.parse(given ?? "{}"));
  await browser.settle();
  console.log(JSON.stringify(result ?? null));
} catch (error) {
  code = 1;
  console.error(error.stack ?? String(error));
  for (const problem of browser.problems) console.error(`and: ${problem}`);
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-browser-"));
  console.error(`pictures: ${(await browser.pictures(folder)).join(" ")}`);
}
await browser.close();
process.exit(code);
