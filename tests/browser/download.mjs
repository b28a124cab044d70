// The progress page of a completed request, and the document behind its button.
import { accessible, expect, picture } from "./person.mjs";

export default async function (browser, { view, width }) {
  const page = await browser.person({ width, origin: new URL(view).origin });
  await page.goto(view);
  await accessible(page, "the completed progress page");
  await picture(page, "progress-completed", true);
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#download").click()]);
  const failure = await download.failure();
  expect(failure === null, `the download to succeed: ${failure}`);
  return { status: await page.locator("#status").textContent(), name: download.suggestedFilename() };
}
