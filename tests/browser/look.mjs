// Opens addresses and tells what stands there: status, heading and what to do next.
import { accessible, fits, picture } from "./person.mjs";

export default async function (browser, { pages, width, locale }) {
  const seen = [];
  for (const { url, name } of pages) {
    const page = await browser.person({ width, locale, origin: new URL(url).origin, ignore: [404, 410, 409, 403] });
    const response = await page.goto(url);
    await accessible(page, url);
    await fits(page, url);
    await picture(page, name);
    const heading = await page.locator("h1").textContent();
    seen.push({ name, status: response.status(), heading, text: await page.locator("main").innerText() });
    await page.close();
  }
  return seen;
}
