// One signer, from the link to the last page, with the mouse or a finger.
import { fill, finish, open, sign } from "./ceremony.mjs";
import { accessible, expect, picture, same } from "./person.mjs";

export default async function (browser, { link, width, dark, way, name, fields = [], words, mistakes = false }) {
  const page = await browser.person({ width, dark, origin: new URL(link).origin });
  await open(page, link);
  if (words) {
    same(await page.locator("html").getAttribute("lang"), words.language, "language of the page");
    same(await page.locator("#finish").textContent(), words.finish, "the main button");
  }
  await accessible(page, "the signing page");
  await picture(page, `sign-${way}${dark ? "-dark" : ""}`, true);
  if (mistakes) {
    await page.locator("#finish").click();
    await page.locator("#problems li").first().waitFor();
    expect(page.url().indexOf("/done") < 0, "an unfinished page to stay");
    await accessible(page, "the signing page with mistakes");
    await picture(page, "mistakes", true);
  }
  await fill(page, fields);
  await sign(page, { way, name, look: true });
  await picture(page, `filled-${way}${dark ? "-dark" : ""}`, true);
  return finish(page);
}
