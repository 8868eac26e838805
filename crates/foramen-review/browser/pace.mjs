// How fast cases follow each other, and whether the memory of the page stays.

import assert from "node:assert/strict";
import { list, open, serve } from "./harness.mjs";

export async function paces(folder) {
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
