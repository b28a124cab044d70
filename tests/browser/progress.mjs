// The sender keeps the progress page open while people sign, and downloads the document at its end.
import { fill, finish, open, sign } from "./ceremony.mjs";
import { accessible, expect, fits, picture, same } from "./person.mjs";

/** Everything the page says of the request and of each person. */
async function read(page) {
  return {
    status: await page.locator("#status").textContent(),
    acted: await page.locator("#acted").textContent(),
    people: await page.locator(".person-head > .pill").allTextContents(),
  };
}

export default async function (browser, { view, link, fields, width }) {
  const { origin } = new URL(view);
  const sender = await browser.person({ width, origin });
  same((await sender.goto(view)).status(), 200, "status of the progress page");
  await accessible(sender, "the progress page");
  await fits(sender, "the progress page");
  await picture(sender, "progress-before", true);
  const before = await read(sender);
  const signer = await browser.person({ width, origin });
  await open(signer, link);
  await fill(signer, fields);
  await sign(signer, { way: "typed", name: "João Silva" });
  await finish(signer);
  // The page says it by itself, to readers of the screen too.
  await sender.waitForFunction((old) => document.getElementById("acted").textContent !== old, before.acted);
  expect((await sender.locator("#live").textContent()).length > 0, "the change to be announced");
  await accessible(sender, "the progress page after a change");
  await picture(sender, "progress-after", true);
  return { before, after: await read(sender) };
}
