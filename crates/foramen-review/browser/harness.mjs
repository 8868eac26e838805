// The browser, the server of a test, and what tests ask of a page.

import { spawn } from "node:child_process";
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const [foramen, study, ...options] = process.argv.slice(2);

const named = (option) => options.includes(option) ? options[options.indexOf(option) + 1] : null;

export const shots = named("--shots");

// A study whose slices were made of volumes.
export const volumes = named("--volumes");

export const scratch = mkdtempSync(join(tmpdir(), "foramen-review-"));

export const servers = [];

export const browser = await chromium.launch({
  executablePath: process.env.FORAMEN_CHROMIUM,
  args: ["--no-sandbox", "--enable-precise-memory-info"],
});

export function copy(name, of = study) {
  const folder = join(scratch, name);
  cpSync(of, folder, { recursive: true });
  return folder;
}

export async function serve(folder, ...more) {
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

export async function open(address, settings = {}) {
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
export async function picture(page) {
  await page.waitForFunction(() => performance.getEntriesByName("first-picture").length > 0
    && document.getElementById("saved").textContent !== "Saving…");
}

async function title(page) {
  return page.textContent("#title");
}

// Saves by a key or a click and waits for the next case.
export async function saved(page, deed) {
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

export const done = (list) => list.items.filter((item) => item.answer).length;

export const list = (page) => page.evaluate(() => fetch("study").then((r) => r.json()));

export async function current(page) {
  const id = await page.evaluate(() => document.querySelector("#cases [aria-current]").dataset.item);
  return page.evaluate((item) => fetch(`case/${item}`).then((r) => r.json()), id);
}

export async function test(name, body) {
  const began = performance.now();
  await body();
  console.log(`ok   ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

// Where a place of the slice lies on the page, as the page first shows it: 75 mm across, the
// middle 8 mm behind the disc.
export async function onPage(page, slice, [row, column]) {
  const box = await page.locator("#axial-picture").boundingBox();
  const scale = Math.min(box.width, box.height) / 75;
  const centre = [slice.disc[0] + 8 / slice.spacing_mm[0], slice.disc[1]];
  return {
    x: box.x + box.width / 2 + (column - centre[1]) * slice.spacing_mm[1] * scale,
    y: box.y + box.height / 2 + (row - centre[0]) * slice.spacing_mm[0] * scale,
    scale,
  };
}

// How bright a canvas is, and how much that varies.
export async function brightness(page, id) {
  return page.evaluate((canvas) => {
    const { width, height } = document.getElementById(canvas);
    const { data } = document.getElementById(canvas).getContext("2d").getImageData(0, 0, width, height);
    const greys = Array.from({ length: data.length / 4 }, (_, n) => data[4 * n] * (data[4 * n + 3] > 0));
    const mean = greys.reduce((sum, grey) => sum + grey, 0) / greys.length;
    return { mean, spread: Math.sqrt(greys.reduce((sum, grey) => sum + (grey - mean) ** 2, 0) / greys.length) };
  }, id);
}

// A page that is not that of the cases.
export async function openLevels(address, settings = {}) {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, ...settings })).newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  await page.goto(address);
  await page.waitForSelector("body[data-ready]");
  await page.waitForTimeout(300);
  return page;
}
