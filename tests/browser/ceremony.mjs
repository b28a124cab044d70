// The signing page as a person uses it: reads, fills in, signs, agrees, finishes.
import { accessible, expect, fits, picture, same } from "./person.mjs";

/** Opens a link; the address must not keep its token, and the document must be on the screen. */
export async function open(page, link) {
  const token = new URL(link).pathname.split("/").pop();
  const response = await page.goto(link);
  same(response.status(), 200, "status of the signing page");
  expect(!page.url().includes(token), "the address to forget the token");
  await drawn(page);
  await fits(page, "the signing page");
}

/** The first page of the document has ink on it. */
async function drawn(page) {
  await page.waitForFunction(() => {
    const canvas = document.querySelector(".page canvas");
    if (!canvas || canvas.width < 200 || canvas.parentElement.querySelector(".page-waiting")) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let dark = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at] + data[at + 1] + data[at + 2] < 300) dark += 1;
    return dark > 500;
  });
}

/** Fills in fields by their labels. */
export async function fill(page, fields) {
  for (const { label, kind, value } of fields) {
    const control = page.getByLabel(label, { exact: true });
    if (kind === "checkbox") await control.check();
    else await control.fill(value);
  }
}

/** Signs by typing a name, or by drawing with the mouse or a finger. */
export async function sign(page, { way, name, look = false }) {
  await page.locator(".sign-here").first().click();
  const dialog = page.locator("#signature-dialog");
  await dialog.waitFor();
  if (way === "drawn") {
    await dialog.locator('input[value="drawn"]').check();
    await draw(page);
    if (look) await accessible(page, "the drawing dialog");
    await picture(page, "dialog-drawn");
  } else {
    await dialog.locator("#typed-name").fill(name);
    await page.locator("#typed-preview .handwriting").waitFor();
    if (look) await accessible(page, "the typing dialog");
    await picture(page, "dialog-typed");
  }
  await dialog.locator("#signature-adopt").click();
  await page.locator(".sign-here.signed").first().waitFor();
}

async function draw(page) {
  const box = await page.locator("#pad").boundingBox();
  const at = (x, y) => ({ x: box.x + x * box.width, y: box.y + y * box.height });
  const strokes = [
    Array.from({ length: 24 }, (_, step) => at(0.15 + step * 0.025, 0.5 + 0.3 * Math.sin(step / 2.2))),
    [at(0.2, 0.8), at(0.5, 0.74), at(0.85, 0.78)],
  ];
  if (!page.person.phone) {
    for (const [first, ...rest] of strokes) {
      await page.mouse.move(first.x, first.y);
      await page.mouse.down();
      for (const point of rest) await page.mouse.move(point.x, point.y);
      await page.mouse.up();
    }
    return;
  }
  const touch = await page.context().newCDPSession(page);
  const send = (type, touchPoints) => touch.send("Input.dispatchTouchEvent", { type, touchPoints });
  for (const [first, ...rest] of strokes) {
    await send("touchStart", [first]);
    for (const point of rest) await send("touchMove", [point]);
    await send("touchEnd", []);
  }
  await touch.detach();
}

/** Agrees, finishes and reads what the last page says. */
export async function finish(page) {
  await page.locator("#consent").check();
  await picture(page, "ready");
  await page.locator("#finish").click();
  return done(page);
}

/** The page after the act. */
export async function done(page) {
  await page.waitForURL("**/done");
  await page.locator("#done").waitFor();
  await accessible(page, "the last page");
  await fits(page, "the last page");
  await picture(page, "done");
  return { heading: await page.locator("h1").textContent(), language: await page.locator("html").getAttribute("lang") };
}
