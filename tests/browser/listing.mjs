// Runs a JavaScript sample where its relative addresses mean something: in a page of the service.
export default async function (browser, { origin, source, token }) {
  const page = await browser.person({ width: 1280, origin, ignore: [404] });
  await page.goto(`${origin}/nothing`);
  const said = [];
  const answers = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("response", async (response) => {
    if (response.url().includes("/api/")) answers.push({ status: response.status(), url: response.url() });
  });
  // As an expression of the tools, not of the page: the page itself may not evaluate texts.
  await page.evaluate(`(async (token) => {\n${source}\n})(${JSON.stringify(token)})`);
  return { said, answers };
}
