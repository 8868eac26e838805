// Discs on the sagittal image.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openLevels, serve, shots } from "./harness.mjs";

// The rows of `levels.csv` of one person, by level.
function levelsOf(folder, file, subject) {
  const rows = readFileSync(join(folder, file), "utf8").trim().split("\n").slice(1).map((row) => row.split(","));
  return new Map(rows.filter((row) => row[0] === subject).map((row) => [row[1], row.slice(2, 5).map(Number)]));
}

export async function placesDiscs(folder) {
  const page = await openLevels(`${await serve(folder, "--reader", "discs")}levels`);
  const person = await page.evaluate(() => fetch("spine/0").then((r) => r.json()));
  const names = () => page.locator("#placed button").allTextContents();
  const found = await names();
  assert.ok(found.length >= 5 && found[0] === "C2/3", found.join());
  // One key renumbers all; back again nothing has changed but the mark.
  await page.keyboard.press("]");
  assert.equal((await names())[0], "C3/4 (was C2/3)");
  assert.match((await names()).at(-1), /^out of range/);
  await page.keyboard.press("[");
  assert.deepEqual(await names(), found);
  // Drag the second disc 4 mm down.
  const disc = person.discs[1];
  const box = await page.locator("#spine-picture").boundingBox();
  const scale = Math.min(box.width, box.height) / 130;
  const middle = [0, 1].map((k) => person.discs.reduce((sum, one) => sum + one.at[k], 0) / person.discs.length);
  const x = box.x + box.width / 2 + (disc.at[1] - middle[1]) * person.spacing_mm[1] * scale;
  const y = box.y + box.height / 2 + (disc.at[0] - middle[0]) * person.spacing_mm[0] * scale;
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + 2 * scale);
  await page.mouse.move(x, y + 4 * scale, { steps: 3 });
  if (shots) await page.screenshot({ path: join(shots, "levels.png") });
  await page.mouse.up();
  await page.keyboard.press("Enter");
  await page.waitForFunction((name) => !document.getElementById("title").textContent.startsWith(name), person.title);
  // The next person is renumbered by one, and saved.
  const second = (await page.evaluate(() => fetch("spine/1").then((r) => r.json()))).title;
  await page.keyboard.press("]");
  await page.click("#save");
  await page.waitForFunction((name) => !document.getElementById("title").textContent.startsWith(name), second);
  assert.equal((await page.evaluate(() => fetch("export", { method: "POST" }).then((r) => r.json()))).spines, 2);
  const [before, after] = ["levels.csv", "reviewed/levels.csv"].map((file) => levelsOf(folder, file, person.title));
  const moved = [0, 1, 2].map((k) => after.get(disc.level)[k] - before.get(disc.level)[k]);
  assert.ok(Math.abs(Math.hypot(...moved) - 4) < 0.1 && moved[2] < -3.5, `moved by ${moved}`);
  for (const [level, place] of before) {
    const same = after.get(level).every((mm, k) => Math.abs(mm - place[k]) < 0.01);
    assert.equal(same, level !== disc.level, level);
  }
  const [old, renumbered] = ["levels.csv", "reviewed/levels.csv"].map((file) => levelsOf(folder, file, second));
  assert.ok(Math.abs(renumbered.get("C3/4")[2] - old.get("C2/3")[2]) < 0.01);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}
