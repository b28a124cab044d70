// One signer and several documents: finds each of them, fills in what is theirs on each, signs once, and
// gets all of them at the end.
import { fill, finish, open, sign } from "./ceremony.mjs";
import { accessible, expect, fits, picture, same } from "./person.mjs";

/** Goes to a document by its name in the list, as people do, and waits until it is drawn. */
async function read(page, place, name) {
  await page.locator(".contents").getByRole("link", { name, exact: true }).click();
  const section = page.locator(`#document-${place}`);
  const top = async () => (await section.boundingBox()).y;
  expect(Math.abs(await top()) < 200, `${name} to be at the top, not at ${await top()}`);
  await page.waitForFunction((number) => {
    const first = document.querySelector(`#document-${number} .page canvas`);
    return first !== null && first.width > 200 && document.querySelector(`#document-${number} .loading`) === null;
  }, place);
}

export default async function (browser, { link, width, documents, fields, consent, lead, progress }) {
  const page = await browser.person({ width, origin: new URL(link).origin });
  const fetched = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (path.includes("/documents/")) fetched.push(Number(path.split("/").pop()));
  });
  await open(page, link);
  same(await page.locator(".intro .lead").textContent(), lead, "what is asked");
  same(await page.locator(".contents a").allTextContents(), documents, "the list of documents");
  same(await page.locator('label[for="consent"]').textContent(), consent, "what is agreed to");
  await accessible(page, "the signing page of several documents");
  expect(!fetched.includes(documents.length - 1), "a document far away not to be fetched yet");
  for (const [place, name] of documents.entries()) await read(page, place, name);
  same([...new Set(fetched)].sort(), documents.map((_, place) => place), "the documents that were fetched");
  await picture(page, "several", true);
  await page.locator("#finish").click();
  await page.locator("#problems li").first().waitFor();
  await accessible(page, "several documents with mistakes");
  await fill(page, fields);
  same(await page.locator(".sign-here").count(), 2, "boxes to sign");
  await sign(page, { way: "typed", name: "João Silva" });
  same(await page.locator(".sign-here.signed").count(), 2, "boxes signed by one act");
  same(await page.locator("#progress-text").textContent(), progress, "the progress");
  await accessible(page, "several documents, filled in");
  const seen = await finish(page);
  same(await page.locator("#done .files a").allTextContents(), documents, "the documents at the end");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#download").click()]);
  expect((await download.failure()) === null, "the download of all to succeed");
  const [single] = await Promise.all([page.waitForEvent("download"), page.locator("#done .files a").last().click()]);
  expect((await single.failure()) === null, "the download of one to succeed");
  await fits(page, "the last page");
  return { ...seen, all: download.suggestedFilename(), one: single.suggestedFilename() };
}
