// Somebody who guesses an access code until no try is left.
import { accessible, expect, fits, picture } from "./person.mjs";

export default async function (browser, { link, width, says }) {
  const page = await browser.person({ width, origin: new URL(link).origin, ignore: [422, 429] });
  await page.goto(link);
  let tries = 0;
  for (let status = 422; status === 422; tries += 1) {
    await page.locator("#code").fill(`guess ${tries}`);
    const [response] = await Promise.all([page.waitForNavigation(), page.locator("#step-main").click()]);
    status = response.status();
  }
  await accessible(page, "the step that is locked");
  await fits(page, "the step that is locked");
  await picture(page, "step-locked", true);
  expect((await page.locator("#step-fault").textContent()).includes(says), `the page to say ${says}`);
  return { tries };
}
