// Checks an AsyncAPI document with the reference parser: `node asyncapi.mjs <file>`. Prints every
// complaint and, if there is none that matters, the addresses of the channels as JSON.
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.COUNTERSIGN_TEST_TOOLS, "node", "package.json"));
const { Parser, fromFile } = require("@asyncapi/parser");

// Severities: 0 error, 1 warning, 2 information, 3 hint.
const WARNING = 1;

const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse();
for (const { severity, message, path: at } of diagnostics) console.error(severity, at.join("/"), message);
if (!document || diagnostics.some(({ severity }) => severity <= WARNING)) process.exit(1);
const channels = document.channels().all();
const told = channels.map((channel) => [channel.address(), channel.messages().all().length]);
console.log(JSON.stringify(Object.fromEntries(told)));
