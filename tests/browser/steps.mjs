// One signer who proves who they are, step by step, and then signs. Each step is looked at before and, where it can
// go wrong, after it did.
import { Buffer } from "node:buffer";
import { finish, sign } from "./ceremony.mjs";
import { accessible, expect, fits, picture, same } from "./person.mjs";

/** A picture as a camera makes it: large enough that the page makes it smaller. */
async function photo(page, name) {
  const base64 = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 3000, height: 2000 });
    const pen = canvas.getContext("2d");
    const noise = pen.createImageData(canvas.width, canvas.height);
    for (let at = 0; at < noise.data.length; at += 1) noise.data[at] = at % 4 === 3 ? 255 : (at * 2654435761) >>> 26;
    pen.putImageData(noise, 0, 0);
    pen.fillStyle = "#2563a8";
    pen.fillRect(200, 200, 1200, 1400);
    return canvas.toDataURL("image/jpeg", 0.95).split(",")[1];
  });
  return { name, mimeType: "image/jpeg", buffer: Buffer.from(base64, "base64") };
}

/** A video as a phone's camera records it: of some pictures one after another, with sound. */
async function video(page, name) {
  const base64 = await page.evaluate(async () => {
    const camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: { facingMode: "user" } });
    const recorder = new MediaRecorder(camera, { mimeType: "video/webm" });
    const [parts, over] = [[], new Promise((done) => recorder.addEventListener("stop", done))];
    recorder.addEventListener("dataavailable", ({ data }) => {
      parts.push(data);
      if (new Blob(parts).size > 40_000 && recorder.state === "recording") recorder.stop();
    });
    recorder.start(50);
    await over;
    for (const track of camera.getTracks()) track.stop();
    const reader = new FileReader();
    const read = new Promise((done) => reader.addEventListener("load", done));
    reader.readAsDataURL(new Blob(parts));
    await read;
    return reader.result.split(",")[1];
  });
  return { name, mimeType: "video/webm", buffer: Buffer.from(base64, "base64") };
}

async function at(page, method, what) {
  await page.locator(`#step[data-method="${method}"]`).waitFor();
  await accessible(page, `the step ${method}${what ?? ""}`);
  await fits(page, `the step ${method}`);
  await picture(page, `step-${method}${what ?? ""}`, true);
}

/** Presses the step's button; the page that comes is another one, or tells what is wrong. */
async function press(page, button = "#step-main") {
  await Promise.all([page.waitForNavigation(), page.locator(button).click()]);
}

async function wrong(page, method, says, where = "#step-fault") {
  await at(page, method, "-wrong");
  const alert = page.locator(where);
  expect((await alert.textContent()).includes(says), `the page to say ${says}`);
}

async function hand(page, field, file) {
  const before = file.buffer.length;
  await page.locator(`#${field}`).setInputFiles(file);
  const input = page.locator(`#${field}`);
  await page.waitForFunction(
    ([id, size]) => document.getElementById(id).files[0]?.size < size, [await input.getAttribute("id"), before],
  );
  const shown = page.locator(`#${field} ~ .preview`);
  await shown.waitFor();
  expect(await input.evaluate((element) => element.files[0].type === "image/jpeg"), "the picture to be a JPEG");
}

const go = {
  async access_code(page, { code, says }) {
    await page.locator("#code").fill("not this");
    await press(page);
    await wrong(page, "access_code", says);
    same(await page.evaluate(() => document.activeElement.id), "code", "where the focus is after a fault");
    await page.locator("#code").fill(code);
    await press(page);
  },
  async email_code(page) {
    await press(page, "#step-send");
    await at(page, "email_code", "-sent");
    const code = (await page.locator("#test-code").textContent()).match(/\d{6}/)[0];
    // With the keyboard alone: the code, then Enter.
    await page.locator("#code").pressSequentially(code);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  },
  async identity(page, { says }, method = "identity") {
    // Of whom all is known, only a yes is asked.
    if (!says) return press(page);
    // Before anything is sent, the browser itself asks for what is missing.
    await page.locator("#step-main").click();
    expect(await page.locator("#cpf:invalid").count() === 1, "an empty CPF to be held back");
    await page.locator("#cpf").fill("111.444.777-36");
    await page.locator("#birthday").fill("1990-02-28");
    await press(page);
    await wrong(page, method, says, "#cpf-fault");
    same(await page.evaluate(() => document.activeElement.id), "cpf", "where the focus is after a fault");
    same(await page.locator("#cpf").inputValue(), "111.444.777-36", "what was typed");
    const told = (await page.locator("#cpf").getAttribute("aria-describedby")).split(" ");
    expect(told.includes("cpf-fault"), "the fault to be read out with its field");
    await page.locator("#cpf").fill("111.444.777-35");
    await press(page);
  },
  async in_person(page, step) {
    await go.identity(page, step, "in_person");
  },
  async photo(page, { says }) {
    same(await page.locator("#file").getAttribute("capture"), "environment", "which camera takes the document");
    await page.locator("#file").setInputFiles({ name: "rg.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
    await press(page);
    await wrong(page, "photo", says);
    await hand(page, "file", await photo(page, "frente.jpg"));
    await picture(page, "step-photo-taken", true);
    await press(page);
  },
  async selfie(page) {
    same(await page.locator("#file").getAttribute("capture"), "user", "which camera takes the person");
    await hand(page, "file", await photo(page, "eu.jpg"));
    await press(page);
  },
  async video_selfie(page, { says, alive }) {
    const input = page.locator("#file");
    same(await input.getAttribute("capture"), "user", "which camera records the person");
    same(await input.getAttribute("accept"), "video/*", "what the camera is asked for");
    // Nothing is sent before something was recorded; a picture is no video; and nobody lives on the first.
    await page.locator("#step-main").click();
    expect(await page.locator("#file:invalid").count() === 1, "an empty field to be held back");
    await input.setInputFiles(await photo(page, "eu.jpg"));
    await press(page);
    await wrong(page, "video_selfie", says);
    for (const fault of [alive, null]) {
      const recorded = await video(page, "eu.webm");
      await input.setInputFiles(recorded);
      const [name, size] = await input.evaluate((element) => [element.files[0].name, element.files[0].size]);
      same([name, size], ["eu.webm", recorded.buffer.length], "the video, which the page leaves as it is");
      await press(page);
      if (fault) await wrong(page, "video_selfie", fault);
    }
  },
  async pix(page, { text }) {
    await press(page, "#step-send");
    await at(page, "pix", "-due");
    same(await page.locator("#pix-text").inputValue(), text, "what is to be paid");
    const code = await page.locator(".qr svg").boundingBox();
    expect(code.width >= 180 && code.width === code.height, `a code that a camera can read, not ${code.width} pixels`);
    await page.locator("#pix-copy").click();
    await page.waitForFunction(() => document.getElementById("pix-status").textContent !== "");
    await press(page);
  },
  async score(page, { says }) {
    await press(page);
    await wrong(page, "score", says);
    await hand(page, "file", await photo(page, "eu.jpg"));
    await press(page);
  },
  async attachments(page) {
    const [one, two] = [await photo(page, "conta.jpg"), await photo(page, "contrato.jpg")];
    await page.locator("#file").setInputFiles([one, two]);
    const large = [one.buffer.length, two.buffer.length];
    await page.waitForFunction((large) => {
      const sizes = [...document.getElementById("file").files].map((file) => file.size);
      return sizes.length === 2 && sizes.every((size, at) => size < large[at]);
    }, large);
    await press(page);
  },
};

export default async function (browser, { link, width, dark, steps, language }) {
  const origin = new URL(link).origin;
  const page = await browser.person({ width, dark, origin, ignore: [422, 429] });
  await page.person.context.grantPermissions(["clipboard-write", "camera", "microphone"], { origin });
  const response = await page.goto(link);
  same(response.status(), 200, "status of the first step");
  same(await page.locator("html").getAttribute("lang"), language, "the language of the page");
  for (const [number, step] of steps.entries()) {
    await at(page, step.method);
    same(await page.locator("#step progress").getAttribute("value"), `${number}`, "how many steps are done");
    await go[step.method](page, step);
  }
  await page.locator(".page canvas").first().waitFor();
  await sign(page, { way: "typed", name: "João da Silva" });
  return finish(page);
}
