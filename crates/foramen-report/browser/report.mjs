// The report of a small study in a real browser: `cargo xtask browser-test` starts it.
//
//   node report.mjs FORAMEN STUDY [--shots DIR]
//
// STUDY is a folder with a report.html.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { browser, shots, study, test } from "./harness.mjs";

const address = pathToFileURL(join(study, "report.html")).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function open(settings) {
  const context = await browser.newContext(settings);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.faults.push(message.text()));
  page.on("request", (request) => !/^(file|data):/.test(request.url()) && page.faults.push(`asks for ${request.url()}`));
  await page.goto(address);
  return page;
}

const wide = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };

try {
  for (const [name, settings] of Object.entries({
    "desktop, light": { viewport: wide },
    "desktop, dark": { viewport: wide, colorScheme: "dark" },
    "phone, light": { viewport: phone, hasTouch: true },
    "phone, dark": { viewport: phone, hasTouch: true, colorScheme: "dark" },
  })) {
    await test(`report, ${name}: no error, no overflow, no serious violation by axe`, async () => {
      const page = await open(settings);
      // What is folded up is looked at too.
      await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
      assert.deepEqual(serious.map((one) => `${one.id} ${one.nodes[0].html}`), []);
      assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth), 0);
      assert.deepEqual(page.faults, []);
      if (shots) await page.screenshot({ path: join(shots, `report-${name.replace(", ", "-")}.png`) });
      await page.context().close();
    });
  }
  await test("report: the slider moves numbers and marks", async () => {
    const page = await open({ viewport: wide });
    const read = () => page.evaluate(() => ["sensitivity", "specificity", "benefit"]
      .map((id) => document.getElementById(`threshold-${id}`).textContent)
      .concat(document.querySelector("#decision .moving").getAttribute("x")));
    const slider = page.locator("#threshold");
    await slider.fill("30");
    const low = await read();
    await slider.focus();
    for (let press = 0; press < 30; press += 1) await page.keyboard.press("ArrowRight");
    assert.equal(await page.textContent("#threshold-value"), "0.60");
    const high = await read();
    assert.ok(parseFloat(low[0]) >= parseFloat(high[0]) && parseFloat(low[1]) <= parseFloat(high[1]), `${low} ${high}`);
    assert.notEqual(low[3], high[3]);
    assert.equal(await page.locator("#roc .moving").count(), 1);
    // The table says the same at 0.6.
    const row = page.locator("tbody tr", { has: page.locator("th", { hasText: /^0\.60$/ }) });
    assert.equal((await row.locator("td").nth(1).textContent()).trim(), high[0].trim());
    await page.context().close();
  });
  await test("report: values under the pointer", async () => {
    const page = await open({ viewport: wide });
    const strip = page.locator("#decision .tip").nth(20);
    await strip.scrollIntoViewIfNeeded();
    await strip.hover();
    assert.match(await page.textContent("#decision .readout"), /^from \d+\u{a0}%:.*everyone/u);
    await page.context().close();
  });
  await test("report: complete without scripts, and on paper", async () => {
    for (const viewport of [wide, phone]) {
      const page = await open({ viewport, javaScriptEnabled: false });
      assert.equal(await page.locator("#thresholds").isVisible(), false);
      assert.ok(await page.getByRole("group", { name: "Calls at some thresholds" }).isVisible());
      for (const figure of await page.locator("figure.plot svg").all()) {
        const box = await figure.boundingBox();
        assert.ok(box && box.width > 200 && box.height > 60, "a figure is not drawn");
      }
      const body = await page.locator("body").boundingBox();
      assert.ok(body.x >= 0 && body.width <= viewport.width);
      assert.deepEqual(page.faults, []);
      if (viewport === wide) {
        const pdf = await page.pdf({ format: "A4" });
        assert.ok(pdf.length > 50_000, `${pdf.length} bytes on paper`);
      }
      await page.context().close();
    }
  });
} finally {
  await browser.close();
}
