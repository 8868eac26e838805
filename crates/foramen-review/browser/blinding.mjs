// What a blinded reader may not hear.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { browser, list, picture, serve, shots } from "./harness.mjs";

// Every response before the answer is searched for what a blinded reader must not know.
export async function leaksNothing(folder) {
  const address = await serve(folder, "--reader", "blind", "--blind", "--repeats", "0.3");
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const heard = [];
  const reading = [];
  page.on("response", (response) => {
    if (!/json/.test(response.headers()["content-type"] ?? "")) return;
    reading.push(response.text().then((text) => heard.push([response.url().replace(address, ""), text])).catch(() => {}));
  });
  await page.goto(address);
  await page.waitForSelector("body[data-ready]");
  await picture(page);
  await page.click("#show-agreement");
  await page.waitForSelector("#agreement[open]");
  await page.click("#agreement >> text=Close");
  for (let n = 0; n < 4; n++) {
    await page.keyboard.press("ArrowRight");
    await page.waitForTimeout(150);
  }
  await Promise.all(reading);
  assert.ok(heard.length >= 5);
  const table = readFileSync(join(folder, "selections.csv"), "utf8").trim().split("\n").slice(1).map((row) => row.split(","));
  const subjects = table.map((row) => row[0]);
  const uids = table.flatMap((row) => [row[3], row[4]]).filter(Boolean);
  const forbidden = [...subjects, ...uids, "automatic\"", "rank", "confidence", "state\"", "outcome", "label", "probability", "status", "doubt", "runner", "walls\":[[", "others"];
  for (const [url, text] of heard) {
    for (const word of forbidden) {
      assert.ok(!text.includes(word), `${url} holds ${word}`);
    }
  }
  if (shots) await page.screenshot({ path: join(shots, "blind.png") });
  // Accepting what nobody has placed is refused; after an answer the choice is shown.
  await page.keyboard.press("o");
  await page.keyboard.press("w");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /Automatic|Nothing was chosen/.test(document.getElementById("question").textContent));
  const items = (await list(page)).items;
  assert.ok(items.length >= table.length, `${items.length} items`);
  assert.ok(items.every((one) => /^Case \d+$/.test(one.title)));
  await context.close();
}
