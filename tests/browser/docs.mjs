// The description of the API in the browser: everything it needs comes from here, on any host name.
import { picture, same } from "./person.mjs";

export default async function (browser, { origin, width }) {
  const page = await browser.person({ width, origin });
  await page.goto(`${origin}/docs`);
  await page.locator(".opblock").first().waitFor();
  await picture(page, "docs", true);
  const operations = await page.locator(".opblock").evaluateAll((blocks) => blocks.map((block) => {
    const text = (part) => block.querySelector(part).textContent.replaceAll("\u200b", "").trim();
    return `${text(".opblock-summary-method")} ${text(".opblock-summary-path")}`;
  }));
  await page.locator(".opblock-summary-control").first().click();
  await page.locator(".opblock-body .responses-table").first().waitFor();
  await picture(page, "docs-open");
  same(await page.locator(".errors-wrapper").count(), 0, "errors on the page");
  return { operations };
}
