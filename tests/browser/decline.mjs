// One signer who declines, with a reason.
import { done, open } from "./ceremony.mjs";
import { accessible, picture, same } from "./person.mjs";

export default async function (browser, { link, width, reason, missing }) {
  const page = await browser.person({ width, origin: new URL(link).origin });
  await open(page, link);
  await page.locator("#decline").click();
  await page.locator("#decline-dialog").waitFor();
  await page.locator("#decline-confirm").click();
  same(await page.locator("#decline-error").textContent(), missing, "what a missing reason is answered");
  await accessible(page, "the decline dialog");
  await picture(page, "decline");
  await page.locator("#decline-reason").fill(reason);
  await page.locator("#decline-confirm").click();
  const last = await done(page);
  return { ...last, reason: await page.locator("#done .message-text").textContent() };
}
