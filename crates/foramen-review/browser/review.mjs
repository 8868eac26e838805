// The review page in a real browser: `cargo xtask browser-test` starts it.
//
//   node review.mjs FORAMEN STUDY [--volumes STUDY] [--shots DIR] [--pace]
//
// STUDY is a folder that `select` has written; it is copied, never changed. `--volumes` names
// another, whose slices were made of volumes. `--pace` only measures how fast cases follow each
// other and whether memory stays.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { isAccessible } from "./access.mjs";
import { leaksNothing } from "./blinding.mjs";
import { browser, copy, foramen, options, scratch, servers, test, volumes } from "./harness.mjs";
import { placesDiscs } from "./levels.mjs";
import { paces } from "./pace.mjs";
import { byKeyboard, byMouse, dragsWalls, showsPatches, twoWindows } from "./reading.mjs";
import { changesTheView, showsMarkup, showsVolumes } from "./viewing.mjs";

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
    await test("window, zoom, inversion and ruler", () => changesTheView(copy("view")));
    await test("an id with markup is text", () => showsMarkup(copy("markup")));
    if (volumes) await test("slices made of a volume are shown, marked and answered", () => showsVolumes(copy("volumes", volumes)));
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
