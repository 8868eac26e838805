// Whole reviews by keyboard and by mouse, and what the page shows and keeps of them.

import assert from "node:assert/strict";
import { join } from "node:path";
import { brightness, current, done, list, onPage, open, picture, saved, serve, shots } from "./harness.mjs";

export async function byKeyboard(folder) {
  const page = await open(await serve(folder, "--reader", "keys"));
  const total = (await list(page)).items.length;
  let undone = false;
  for (let n = 0; n < total; n++) {
    const shown = await current(page);
    if (shown.automatic.slice == null) {
      // Enter alone saves nothing that nobody has looked for.
      await page.keyboard.press("Enter");
      assert.match(await page.textContent("#trouble"), /Nothing was chosen/);
      await page.keyboard.press("n");
      await page.keyboard.type("the level is not known");
      await saved(page, () => page.keyboard.press("Enter"));
    } else if (n % 6 === 1) {
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("o");
      await page.keyboard.press("w");
      await saved(page, () => page.keyboard.press("Enter"));
    } else if (n % 6 === 2) {
      await page.keyboard.press("x");
      await page.keyboard.press("2");
      await saved(page, () => page.keyboard.press("Enter"));
    } else if (n % 6 === 3) {
      await page.keyboard.press("o");
      await page.keyboard.press("f");
      for (let k = 0; k < 5; k++) await page.keyboard.press("Shift+ArrowUp");
      await page.keyboard.press("t");
      await page.keyboard.type("<b>oedema</b>");
      await page.keyboard.press("Escape");
      await saved(page, () => page.keyboard.press("Enter"));
    } else {
      await saved(page, () => page.keyboard.press("a"));
    }
    if (!undone) {
      // From the next case, undo goes back to the one that was answered.
      await page.keyboard.press("u");
      await page.waitForFunction(() => document.getElementById("progress").textContent.startsWith("0 of"));
      await page.waitForFunction((id) => document.querySelector("#cases [aria-current]")?.dataset.item === id, shown.id);
      await picture(page);
      [undone, n] = [true, -1];
    }
  }
  assert.match(await page.textContent("#progress"), new RegExp(`${total} of ${total}, all answered`));
  // Undo, and answer again.
  await page.keyboard.press("u");
  await page.waitForFunction((n) => document.getElementById("progress").textContent.startsWith(`${n} of`), total - 1);
  assert.equal((await current(page)).answers.length, 0);
  await page.keyboard.press("p");
  await saved(page, () => page.keyboard.press("Enter"));
  assert.equal(done(await list(page)), total);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

export async function byMouse(folder) {
  const page = await open(await serve(folder, "--reader", "mouse"));
  const total = (await list(page)).items.length;
  for (let n = 0; n < total; n++) {
    const shown = await current(page);
    if (shown.automatic.slice == null) {
      await page.click("text=not evaluable");
      await page.fill("#reason", "motion");
    } else if (n % 3 === 1) {
      const box = await page.locator("#axial-picture").boundingBox();
      await page.mouse.move(box.x + 40, box.y + 40);
      await page.mouse.wheel(0, -100);
      await page.click("#place");
    } else if (n % 3 === 2) {
      await page.click("#seen >> text=a pedicle");
      await page.click("#kim >> text=1");
    }
    await saved(page, () => page.click("#save"));
  }
  await page.click("#show-agreement");
  await page.waitForSelector("#agreement[open]");
  assert.match(await page.textContent("#pairs"), /keys and mouse/);
  if (shots) await page.screenshot({ path: join(shots, "agreement.png") });
  await page.click("#agreement >> text=Close");
  await page.click("#export");
  await page.waitForSelector("#exported[open]");
  assert.match(await page.textContent("#export-result"), /readings in reviewed\/readings.csv/);
  if (shots) await page.screenshot({ path: join(shots, "exported.png") });
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

export async function dragsWalls(folder) {
  const page = await open(await serve(folder, "--reader", "drag"));
  const item = (await list(page)).items.find((one) => one.status === "selected" && one.width_mm > 1.5);
  await page.click(`[data-item="${item.id}"]`);
  await page.waitForFunction((id) => document.querySelector("#cases [aria-current]")?.dataset.item === id, item.id);
  await page.waitForTimeout(300);
  const shown = await current(page);
  const slice = shown.slices[shown.automatic.slice];
  const [front, back] = slice[shown.side].walls;
  const mm = [0, 1].map((k) => (back[k] - front[k]) * slice.spacing_mm[k]);
  const length = Math.hypot(...mm);
  const from = await onPage(page, slice, back);
  for (const [longer, alt] of [[2, false], [-1, false]]) {
    const read = Number.parseFloat(await page.textContent("#reading"));
    const at = await page.evaluate(() => null) ?? from;
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    const to = { x: at.x + mm[1] / length * longer * at.scale, y: at.y + mm[0] / length * longer * at.scale };
    await page.mouse.move((at.x + to.x) / 2, (at.y + to.y) / 2);
    await page.mouse.move(to.x, to.y, { steps: 4 });
    assert.equal(await page.isVisible("#loupe"), true);
    if (shots && longer > 0) await page.screenshot({ path: join(shots, "loupe.png") });
    await page.mouse.up();
    Object.assign(from, to);
    const now = Number.parseFloat(await page.textContent("#reading"));
    assert.ok(Math.abs(now - read - longer) < 0.11, `${read} became ${now} after a drag of ${longer} mm`);
  }
  await saved(page, () => page.click("#save"));
  const answer = (await list(page)).items.find((one) => one.id === item.id).answer;
  assert.ok(Math.abs(answer.width_mm - (length + 1)) < 0.06, `${answer.width_mm} for ${length + 1}`);
  // Sub-pixel: the same drag by keys, in steps of a tenth of a millimetre.
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

export async function showsPatches(folder) {
  const page = await open(await serve(folder, "--reader", "patch"));
  const items = (await list(page)).items;
  const shows = async (what) => {
    await page.waitForFunction((text) => document.getElementById("patch-caption").textContent.includes(text), what);
    await page.waitForTimeout(250);
    return brightness(page, "patch-picture");
  };
  let occluded = 0;
  for (const item of items.slice(0, 8)) {
    await page.click(`[data-item="${item.id}"]`);
    await page.waitForFunction((id) => document.querySelector("#cases [aria-current]")?.dataset.item === id, item.id);
    await picture(page);
    if (item.status === "refused") await page.keyboard.press("o"), await page.keyboard.press("w");
    let seen = await shows("What the model sees");
    assert.ok(seen.spread > 5, `${item.title}: the patch is flat (${seen.spread})`);
    await page.keyboard.press("x");
    seen = await shows("What the model sees");
    assert.ok(seen.spread > 5, `${item.title}: the patch of what is occluded is flat (${seen.spread})`);
    occluded += 1;
    if (shots && occluded === 1) await page.screenshot({ path: join(shots, "occluded.png") });
    await page.keyboard.press("p");
    seen = await shows("Left out");
    assert.equal(seen.mean, 0);
  }
  // The mark of what is occluded is moved by keys, and is what is kept.
  const item = items.find((one) => one.status === "selected" && one.width_mm > 1);
  await page.click(`[data-item="${item.id}"]`);
  await page.waitForFunction((id) => document.querySelector("#cases [aria-current]")?.dataset.item === id, item.id);
  await picture(page);
  const shown = await current(page);
  const slice = shown.slices[shown.automatic.slice];
  await page.keyboard.press("x");
  await page.keyboard.press("f");
  for (let k = 0; k < 10; k++) await page.keyboard.press("Shift+ArrowDown");
  await saved(page, () => page.keyboard.press("Enter"));
  const answer = await page.evaluate((id) => fetch(`case/${id}`).then((r) => r.json()), item.id).then((one) => one.answers.at(-1));
  assert.equal(answer.seen, "occluded");
  assert.equal(answer.width_mm, 0);
  const moved = (answer.walls[0][0] - slice.centre[0]) * slice.spacing_mm[0];
  assert.ok(Math.abs(moved - 1) < 0.02, `the mark moved by ${moved} mm`);
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

export async function twoWindows(folder) {
  const address = await serve(folder, "--reader", "two");
  const windows = [await open(address), await open(address)];
  const total = (await list(windows[0])).items.length;
  for (let n = 0; n < total; n++) {
    // By turns, so that each works on a list that the other has changed.
    const page = windows[n % 2];
    const open = await page.evaluate(() => fetch("study").then((r) => r.json())).then((all) => all.items.find((one) => !one.answer));
    await page.evaluate(() => { document.getElementById("filter").value = "all"; document.getElementById("filter").dispatchEvent(new Event("change")); });
    await page.click(`[data-item="${open.id}"]`);
    await page.waitForFunction((id) => document.querySelector("#cases [aria-current]")?.dataset.item === id, open.id);
    await page.keyboard.press("p");
    await saved(page, () => page.keyboard.press("Enter"));
  }
  for (const page of windows) {
    await page.reload();
    await page.waitForSelector("body[data-ready]");
    assert.match(await page.textContent("#progress"), new RegExp(`${total} of ${total}, all answered`));
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
}
