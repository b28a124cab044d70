// One signer who never touches a pointing device: Tab, Space, Enter and letters are all there is.
import { done, open } from "./ceremony.mjs";
import { expect } from "./person.mjs";

const MOST_TABS = 60;

/** Tabs to an element; the focus must be visible there. */
async function tabTo(page, selector) {
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate((wanted) => {
      const active = document.activeElement;
      return active?.matches(wanted) ? getComputedStyle(active).outlineStyle : null;
    }, selector);
    if (focus === null) continue;
    expect(focus !== "none", `a visible focus on ${selector}`);
    return;
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

export default async function (browser, { link, width, text }) {
  const page = await browser.person({ width, origin: new URL(link).origin });
  await open(page, link);
  const { keyboard } = page;
  await tabTo(page, ".field-text input");
  await keyboard.type(text);
  await tabTo(page, ".field-checkbox input");
  await keyboard.press("Space");
  await tabTo(page, ".sign-here");
  await keyboard.press("Enter");
  await page.locator("#signature-dialog").waitFor();
  // The name is there already, and the focus is on it.
  expect(await page.evaluate(() => document.activeElement?.id === "typed-name"), "the focus on the name");
  await keyboard.press("Escape");
  await page.locator("#signature-dialog").waitFor({ state: "hidden" });
  expect(await page.evaluate(() => document.activeElement?.matches(".sign-here")), "the focus back where it was");
  await keyboard.press("Enter");
  await page.locator("#signature-dialog").waitFor();
  await keyboard.press("Enter");
  await page.locator(".sign-here.signed").waitFor();
  await tabTo(page, "#consent");
  await keyboard.press("Space");
  await tabTo(page, "#finish");
  await keyboard.press("Enter");
  return done(page);
}
