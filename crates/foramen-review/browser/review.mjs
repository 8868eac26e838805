// The review page in a real browser: `cargo xtask browser-test` starts it.
//
//   node review.mjs FORAMEN STUDY [--shots DIR] [--pace]
//
// STUDY is a folder that `select` has written; it is copied, never changed. `--pace` only
// measures how fast cases follow each other and whether memory stays.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [foramen, study, ...options] = process.argv.slice(2);
const shots = options.includes("--shots") ? options[options.indexOf("--shots") + 1] : null;
const scratch = mkdtempSync(join(tmpdir(), "foramen-review-"));
const servers = [];
const browser = await chromium.launch({
  executablePath: process.env.FORAMEN_CHROMIUM,
  args: ["--no-sandbox", "--enable-precise-memory-info"],
});

function copy(name) {
  const folder = join(scratch, name);
  cpSync(study, folder, { recursive: true });
  return folder;
}

async function serve(folder, ...more) {
  const server = spawn(foramen, ["review", "--study", folder, ...more], { stdio: ["ignore", "pipe", "inherit"] });
  servers.push(server);
  let said = "";
  return new Promise((found, failed) => {
    server.stdout.on("data", (data) => {
      said += data;
      const address = said.match(/http:\S+/);
      if (address) found(address[0]);
    });
    server.on("exit", (code) => failed(new Error(`review ended with ${code}: ${said}`)));
  });
}

async function open(address, settings = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...settings });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.faults = faults;
  await page.goto(address);
  await page.waitForSelector("body[data-ready]");
  await picture(page);
  return page;
}

// Until the picture of the case is there and nothing is being saved.
async function picture(page) {
  await page.waitForFunction(() => performance.getEntriesByName("first-picture").length > 0
    && document.getElementById("saved").textContent !== "Saving…");
}

async function title(page) {
  return page.textContent("#title");
}

// Saves by a key or a click and waits for the next case.
async function saved(page, deed) {
  const before = await title(page);
  const answers = await page.evaluate(() => fetch("study").then((r) => r.json())).then(done);
  await deed();
  await page.waitForFunction((n) => fetch("study").then((r) => r.json())
    .then((s) => s.items.filter((i) => i.answer).length >= n), answers + 1);
  await page.waitForFunction((old) => document.getElementById("title").textContent !== old
    || document.getElementById("progress").textContent.includes("all answered")
    || document.getElementById("saved").textContent.startsWith("Saved"), before);
  await page.waitForTimeout(60);
}

const done = (list) => list.items.filter((item) => item.answer).length;
const list = (page) => page.evaluate(() => fetch("study").then((r) => r.json()));

async function current(page) {
  const id = await page.evaluate(() => document.querySelector("#cases [aria-current]").dataset.item);
  return page.evaluate((item) => fetch(`case/${item}`).then((r) => r.json()), id);
}

async function test(name, body) {
  const began = performance.now();
  await body();
  console.log(`ok   ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

// Where a place of the slice lies on the page, as the page first shows it: 75 mm across, the
// middle 8 mm behind the disc.
async function onPage(page, slice, [row, column]) {
  const box = await page.locator("#axial-picture").boundingBox();
  const scale = Math.min(box.width, box.height) / 75;
  const centre = [slice.disc[0] + 8 / slice.spacing_mm[0], slice.disc[1]];
  return {
    x: box.x + box.width / 2 + (column - centre[1]) * slice.spacing_mm[1] * scale,
    y: box.y + box.height / 2 + (row - centre[0]) * slice.spacing_mm[0] * scale,
    scale,
  };
}

async function byKeyboard(folder) {
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

async function byMouse(folder) {
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

async function dragsWalls(folder) {
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

// How bright a canvas is, and how much that varies.
async function brightness(page, id) {
  return page.evaluate((canvas) => {
    const { width, height } = document.getElementById(canvas);
    const { data } = document.getElementById(canvas).getContext("2d").getImageData(0, 0, width, height);
    const greys = Array.from({ length: data.length / 4 }, (_, n) => data[4 * n] * (data[4 * n + 3] > 0));
    const mean = greys.reduce((sum, grey) => sum + grey, 0) / greys.length;
    return { mean, spread: Math.sqrt(greys.reduce((sum, grey) => sum + (grey - mean) ** 2, 0) / greys.length) };
  }, id);
}

async function showsPatches(folder) {
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

async function twoWindows(folder) {
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

// Every response before the answer is searched for what a blinded reader must not know.
async function leaksNothing(folder) {
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

// A page that is not that of the cases.
async function openLevels(address, settings = {}) {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, ...settings })).newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  await page.goto(address);
  await page.waitForSelector("body[data-ready]");
  await page.waitForTimeout(300);
  return page;
}

async function isAccessible(folder) {
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

// The rows of `levels.csv` of one person, by level.
function levelsOf(folder, file, subject) {
  const rows = readFileSync(join(folder, file), "utf8").trim().split("\n").slice(1).map((row) => row.split(","));
  return new Map(rows.filter((row) => row[0] === subject).map((row) => [row[1], row.slice(2, 5).map(Number)]));
}

async function placesDiscs(folder) {
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

async function paces(folder) {
  const page = await open(await serve(folder, "--reader", "pace"));
  const cdp = await page.context().newCDPSession(page);
  const memory = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    // Pictures lie beside the heap of the scripts.
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await cdp.send("Runtime.getHeapUsage");
    return (usedSize + embedderHeapUsedSize + backingStorageSize) / 1e6;
  };
  const total = (await list(page)).items.length;
  const times = [];
  const begun = Math.min(30, total - 2);
  let early = null;
  for (let n = 1; n < total; n++) {
    // What a reader takes at least to look: the next case is fetched meanwhile.
    await page.waitForTimeout(120);
    times.push(await page.evaluate(() => new Promise((told) => {
      performance.clearMarks();
      const began = performance.now();
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
      const look = () => performance.getEntriesByName("first-picture").length
        ? requestAnimationFrame(() => told(performance.now() - began)) : requestAnimationFrame(look);
      look();
    })));
    if (n === begun) early = await memory();
  }
  const late = await memory();
  times.sort((a, b) => a - b);
  const p = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
  console.log(`     ${total} cases: first picture median ${p(0.5).toFixed(0)} ms, 95th percentile ${p(0.95).toFixed(0)} ms, `
    + `most ${times.at(-1).toFixed(0)} ms; memory ${early.toFixed(1)} MB after ${begun} cases, ${late.toFixed(1)} MB at the end`);
  assert.ok(p(0.95) < 200, `95th percentile ${p(0.95)} ms`);
  assert.ok(late < 1.25 * early + 5, `memory grew from ${early} to ${late} MB`);
  await page.context().close();
}

try {
  if (options.includes("--pace")) await test("cases follow each other at once", () => paces(copy("pace")));
  else {
    const folder = copy("study");
    await test("a whole review by keyboard", () => byKeyboard(folder));
    await test("a whole review by mouse", () => byMouse(folder));
    await test("`agreement` reads the exported readings", () => {
      const said = execFileSync(foramen, ["agreement", "--profile", join(folder, "profile.csv"), "--readings", join(folder, "reviewed", "readings.csv")], { encoding: "utf8" });
      assert.match(said, /readers keys and mouse/);
    });
    await test("a dragged wall changes the width by as much", () => dragsWalls(copy("drag")));
    await test("the patch is shown, also of what is occluded", () => showsPatches(copy("patch")));
    await test("two windows of one reader lose nothing", () => twoWindows(copy("two")));
    await test("blinded reading leaks nothing", () => leaksNothing(copy("blind")));
    await test("discs are dragged and renumbered", () => placesDiscs(copy("discs")));
    await test("no serious violation by axe, phone and tablet usable", () => isAccessible(copy("axe")));
    await test("cases follow each other at once", () => paces(copy("pace")));
  }
} finally {
  await browser.close();
  for (const server of servers) server.kill();
  rmSync(scratch, { recursive: true, force: true });
}
