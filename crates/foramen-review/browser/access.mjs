// Whether everybody can use the page, on every screen.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { open, openLevels, serve, shots } from "./harness.mjs";

export async function isAccessible(folder) {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const address = await serve(folder, "--reader", "axe");
  for (const [name, settings] of Object.entries({
    light: { colorScheme: "light" }, dark: { colorScheme: "dark" },
    tablet: { viewport: { width: 820, height: 1180 }, hasTouch: true },
    phone: { viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: "dark" },
  })) {
    // The policy of the page forbids foreign scripts, also this one.
    const page = await open(address, { ...settings, bypassCSP: true });
    const check = async (where) => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
      assert.deepEqual(serious.map((one) => `${name} ${where}: ${one.id} ${one.nodes[0].html}`), []);
    };
    await check("page");
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
    for (const id of ["save", "undo", "up", "down", "slider", "show-help"]) {
      const box = await page.locator(`#${id}`).boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= page.viewportSize().width + 1, `${name}: ${id} is cut off`);
      assert.ok(id === "slider" || Math.min(box.width, box.height) >= 24, `${name}: ${id} is too small to touch`);
    }
    if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: name === "phone" });
    if (name === "light" || name === "phone") {
      if (await page.isVisible("#show-list")) {
        await page.click("#show-list");
        await check("list");
        if (shots) await page.screenshot({ path: join(shots, `${name}-list.png`) });
        await page.click("#show-list");
      }
      await page.click("#show-help");
      await check("help");
    }
    await page.context().close();
    const spine = await openLevels(`${address}levels`, { ...settings, bypassCSP: true });
    await spine.evaluate(axe);
    const { violations } = await spine.evaluate(() => globalThis.axe.run());
    const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
    assert.deepEqual(serious.map((one) => `${name} levels: ${one.id} ${one.nodes[0].html}`), []);
    assert.ok(await spine.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), `${name}: levels too wide`);
    if (shots) await spine.screenshot({ path: join(shots, `levels-${name}.png`), fullPage: name === "phone" });
    await spine.context().close();
  }
}
