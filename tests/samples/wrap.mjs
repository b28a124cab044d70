// Runs a JavaScript sample as the function body it was written for: `node wrap.mjs <sample> [more]`.
// The samples take `fs`, `token` and `pdfBuffer` from around them; `more` is code that goes on where the sample ends.
import fs from "node:fs";

const AsyncFunction = (async () => {}).constructor;
const [file, more = ""] = process.argv.slice(2);
const source = `${fs.readFileSync(file, "utf8")}\n${more}`;
const around = { fs, token: process.env.TOKEN, pdfBuffer: fs.readFileSync("contrat.pdf") };
await new AsyncFunction(...Object.keys(around), source)(...Object.values(around));
