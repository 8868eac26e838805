// What a drag, the wheel and the keys do to the picture, and ids that look like markup.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brightness, current, done, list, open, picture, saved, serve, shots } from "./harness.mjs";

const settled = (page) => page.waitForTimeout(120);

async function drag(page, [x, y], [dx, dy]) {
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx / 2, y + dy / 2);
  await page.mouse.move(x + dx, y + dy, { steps: 3 });
  await page.mouse.up();
  await settled(page);
}

export async function changesTheView(folder) {
  const page = await open(await serve(folder, "--reader", "view"));
  await page.keyboard.press("h"); // without lines, which are no part of the image
  await settled(page);
  const box = await page.locator("#axial-picture").boundingBox();
  const spot = [box.x + box.width * 0.5, box.y + box.height * 0.15];
  const seen = () => brightness(page, "axial-picture");
  const first = await seen();

  // To the right: a wider window, less contrast. Upwards: a lower window, a brighter picture.
  await drag(page, spot, [120, 0]);
  const wider = await seen();
  assert.ok(wider.spread < 0.9 * first.spread, `spread ${first.spread} became ${wider.spread}`);
  await page.keyboard.press("z");
  await settled(page);
  assert.deepEqual(await seen(), first, "z brings back window and zoom");
  await drag(page, spot, [0, -60]);
  const lower = await seen();
  assert.ok(lower.mean > 1.1 * first.mean, `mean ${first.mean} became ${lower.mean}`);
  await page.keyboard.press("z");
  await settled(page);

  await page.keyboard.press("i");
  await settled(page);
  const inverted = await seen();
  assert.ok(Math.abs(inverted.spread - first.spread) < 1.5, `spread ${first.spread} became ${inverted.spread}`);
  assert.ok(Math.abs(inverted.mean + first.mean - 255) < 2, `means ${first.mean} and ${inverted.mean}`);
  await page.keyboard.press("i");
  await page.keyboard.press("h");
  await settled(page);

  // The ruler: 75 mm fill the picture at first; twice as large, half as long.
  const whole = Math.min(box.width, box.height);
  await page.keyboard.press("m");
  await drag(page, spot, [0.2 * whole, 0]);
  const ruled = () => page.textContent("#ruled").then(Number.parseFloat);
  assert.ok(Math.abs(await ruled() - 15) < 0.2, `${await ruled()} mm for 15`);
  if (shots) await page.screenshot({ path: join(shots, "ruler.png") });
  await page.keyboard.down("Control");
  for (let n = 0; n < 5; n++) await page.mouse.wheel(0, -100);
  await page.keyboard.up("Control");
  await settled(page);
  await drag(page, spot, [0.2 * whole, 0]);
  assert.ok(Math.abs(await ruled() - 15 / 1.15 ** 5) < 0.2, `${await ruled()} mm for ${15 / 1.15 ** 5}`);
  await page.keyboard.press("z");
  await settled(page);
  assert.equal(await page.textContent("#ruled"), "");
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

// Slices that were made of a volume: a picture of each, and an answer to one.
export async function showsVolumes(folder) {
  const page = await open(await serve(folder, "--reader", "volumes"));
  const shown = await current(page);
  assert.ok(shown.slices.length > 20 && shown.slices.every((slice) => slice.reformatted));
  assert.match(await page.textContent("#where"), /, reformatted$/);
  assert.ok((await brightness(page, "axial-picture")).spread > 10);
  if (shots) await page.screenshot({ path: join(shots, "volume.png") });
  await page.keyboard.press("ArrowUp");
  await picture(page);
  await settled(page);
  assert.match(await page.textContent("#where"), new RegExp(`^image ${shown.start + 2} of .*, reformatted$`));
  await page.keyboard.press("w"); // walls where a foramen is on average
  await settled(page);
  if (shots) await page.screenshot({ path: join(shots, "volume-walls.png") });
  await saved(page, () => page.keyboard.press("Enter"));
  assert.equal(done(await list(page)), 1);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

// An id is text: shown as it is, never run.
export async function showsMarkup(folder) {
  const evil = "<img src=x onerror=\"document.title='run'\">";
  const old = readFileSync(join(folder, "selections.csv"), "utf8").split("\n")[1].split(",")[0];
  for (const name of readdirSync(folder)) {
    if (!/\.(csv|json)$/.test(name)) continue;
    const text = readFileSync(join(folder, name), "utf8");
    const cell = name.endsWith(".json") ? JSON.stringify(evil).slice(1, -1) : `"${evil.replaceAll("\"", "\"\"")}"`;
    writeFileSync(join(folder, name), text.replaceAll(new RegExp(`\\b${old}\\b`, "g"), () => cell));
  }
  const page = await open(await serve(folder, "--reader", "markup"));
  const item = (await list(page)).items.find((one) => one.title.includes(evil));
  assert.ok(item, "the list has the id as it is");
  await page.click(`[data-item="${item.id}"]`);
  await page.waitForFunction((id) => document.querySelector("#cases [aria-current]")?.dataset.item === id, item.id);
  assert.ok((await page.textContent("#title")).includes(evil));
  assert.ok((await page.textContent(`[data-item="${item.id}"]`)).includes(evil));
  assert.equal(await page.locator("img").count(), 0);
  assert.notEqual(await page.title(), "run");
  await page.context().close();
}
