// Disc positions on the sagittal image: drag them, renumber them all by one key.

import { Picture } from "./picture.js";
import { get, pixels, post, requestName } from "./server.js";

const $ = (id) => document.getElementById(id);
const NUDGE = 0.5;

let levels = [];
let people = [];
let shown = null;
let discs = []; // { index of its level, at, away_mm, was }, from the head down
let held = 0;
let changed = false;
let turn = 0;

const picture = new Picture($("spine-picture"), draw);

async function refresh() {
  const found = await get("spines");
  ({ levels, people } = found);
  $("progress").textContent = `${people.filter((one) => one.placed_by).length} of ${people.length} people placed by a reader`;
  $("cases").replaceChildren(...people.map((person, number) => {
    const entry = document.createElement("li");
    const button = document.createElement("button");
    if (number === shown?.person) button.setAttribute("aria-current", "true");
    const name = document.createElement("span");
    name.textContent = person.title;
    const count = document.createElement("span");
    count.className = "foramen";
    count.textContent = `${person.discs} discs`;
    const mark = document.createElement("span");
    mark.className = person.placed_by ? "done" : "todo";
    mark.textContent = person.placed_by ? `✓ ${person.placed_by}` : person.discs < 6 ? "not all found" : "";
    button.append(name, count, mark);
    button.addEventListener("click", () => {
      document.body.classList.remove("list-open");
      open(number);
    });
    entry.append(button);
    return entry;
  }));
}

async function open(person, slice) {
  if (person < 0 || person >= people.length) return;
  const mine = ++turn;
  const found = await get(slice == null ? `spine/${person}` : `spine/${person}/${slice}`);
  if (mine !== turn) return;
  const other = shown?.person !== person;
  shown = found;
  if (other || !changed) {
    discs = shown.discs.map((disc) => ({ ...disc, index: levels.indexOf(disc.level) }));
    changed = false;
    held = 0;
  }
  $("title").textContent = `${shown.title}, discs`;
  $("slider").max = shown.slices - 1;
  $("slider").value = shown.slice;
  $("where").textContent = `image ${shown.slice + 1} of ${shown.slices}`;
  if (other) {
    picture.clear();
    picture.home(middle(), 130);
  }
  tell();
  try {
    const image = await pixels(`spine/${person}/${shown.slice}/pixels`);
    if (mine === turn) picture.show(image, shown.spacing_mm);
  } catch (error) {
    trouble(`The image cannot be shown: ${error.message}`);
  }
  if (other) refresh();
}

// The middle of the discs, else of the picture.
function middle() {
  if (!discs.length) return [(shown.rows - 1) / 2, (shown.columns - 1) / 2];
  return [0, 1].map((k) => discs.reduce((sum, disc) => sum + disc.at[k], 0) / discs.length);
}

function name(disc) {
  return levels[disc.index] ?? "out of range";
}

function tell() {
  $("placed").replaceChildren(...discs.map((disc, number) => {
    const entry = document.createElement("li");
    const button = document.createElement("button");
    button.setAttribute("aria-pressed", number === held);
    button.textContent = disc.was && disc.was !== name(disc) ? `${name(disc)} (was ${disc.was})` : name(disc);
    button.addEventListener("click", () => hold(number));
    entry.append(button);
    return entry;
  }));
  $("remove").disabled = !discs.length;
  const by = people[shown.person]?.placed_by;
  $("saved").textContent = changed ? "Changed, not saved yet." : by ? `Saved by ${by}.` : "As they were found.";
  $("saved").className = !changed && by ? "kept" : "";
  $("undo").disabled = !changed;
  picture.redraw();
}

function hold(number) {
  held = Math.min(discs.length - 1, Math.max(0, number));
  tell();
}

function touch() {
  changed = true;
  tell();
}

function renumber(step) {
  if (!discs.length) return;
  for (const disc of discs) disc.index += step;
  touch();
}

// A new disc: below the lowest one, as far as discs are apart.
function add() {
  const last = discs.at(-1);
  const before = discs.at(-2);
  const step = last && before ? [0, 1].map((k) => last.at[k] - before.at[k]) : [18 / shown.spacing_mm[0], 0];
  const at = last ? [0, 1].map((k) => last.at[k] + step[k]) : middle();
  discs.push({ index: last ? last.index + 1 : 0, at, away_mm: 0, was: null });
  held = discs.length - 1;
  touch();
}

function remove() {
  if (!discs.length) return;
  discs.splice(held, 1);
  held = Math.max(0, held - 1);
  touch();
}

async function save() {
  const placed = discs.filter((disc) => levels[disc.index]);
  $("saved").textContent = "Saving…";
  try {
    await post("discs", {
      person: shown.person, request: requestName(), slice: shown.slice,
      discs: placed.map((disc) => ({ level: name(disc), at: disc.at, away_mm: disc.away_mm, was: disc.was })),
    });
  } catch (error) {
    $("saved").textContent = "NOT saved.";
    $("saved").className = "lost";
    trouble(`Not saved: ${error.message}. ${error.refused ? "" : "Keep this page open and save again."}`);
    return;
  }
  changed = false;
  trouble("");
  const left = discs.length - placed.length;
  await refresh();
  if (left) trouble(`${left} disc(s) beyond ${levels[0]} and ${levels.at(-1)} were left out.`);
  if (shown.person + 1 < people.length) await open(shown.person + 1);
  else tell();
}

function trouble(text) {
  $("trouble").hidden = !text;
  $("trouble").textContent = text;
}

function draw(context, to) {
  for (const [number, disc] of discs.entries()) {
    const [x, y] = to(disc.at);
    context.beginPath();
    context.arc(x, y, number === held ? 8 : 6, 0, 7);
    context.lineWidth = 4;
    context.strokeStyle = "rgba(0,0,0,.7)";
    context.stroke();
    context.lineWidth = 2;
    context.strokeStyle = number === held ? "#ffb000" : "#ffffff";
    context.stroke();
    context.font = "600 15px system-ui, sans-serif";
    context.lineWidth = 3;
    context.strokeStyle = "rgba(0,0,0,.8)";
    context.strokeText(name(disc), x + 14, y + 5);
    context.fillStyle = number === held ? "#ffb000" : "#ffffff";
    context.fillText(name(disc), x + 14, y + 5);
  }
}

// ---- pointers

let dragging = null;
const canvas = $("spine-picture");
const position = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

canvas.addEventListener("pointerdown", (event) => {
  if (!picture.pixels) return;
  const spot = position(event);
  canvas.setPointerCapture(event.pointerId);
  const away = discs.map((disc) => Math.hypot(...picture.toScreen(disc.at).map((value, k) => value - spot[k])));
  const nearest = away.indexOf(Math.min(...away));
  if (away[nearest] <= (event.pointerType === "touch" ? 30 : 16)) {
    const at = picture.toScreen(discs[nearest].at);
    dragging = { disc: nearest, grip: [at[0] - spot[0], at[1] - spot[1]] };
    hold(nearest);
  } else dragging = { spot };
});
canvas.addEventListener("pointermove", (event) => {
  if (!dragging) return;
  const spot = position(event);
  if (dragging.disc == null) {
    picture.level(spot[0] - dragging.spot[0], spot[1] - dragging.spot[1]);
    dragging.spot = spot;
    return;
  }
  move(dragging.disc, picture.toSlice([spot[0] + dragging.grip[0], spot[1] + dragging.grip[1]]));
  const loupe = $("loupe");
  const place = discs[dragging.disc].at;
  loupe.hidden = false;
  loupe.classList.toggle("at-right", spot[0] < canvas.clientWidth / 2);
  picture.magnify(loupe, place, 3, (context, to) => {
    const [x, y] = to(place);
    context.strokeStyle = "#ffb000";
    context.strokeRect(x - 3, y - 3, 6, 6);
  });
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    dragging = null;
    $("loupe").hidden = true;
  });
}
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  if (event.ctrlKey) picture.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, position(event));
  else page(Math.sign(event.deltaY));
}, { passive: false });

function move(number, at) {
  discs[number].at = [
    Math.min(shown.rows - 1, Math.max(0, at[0])),
    Math.min(shown.columns - 1, Math.max(0, at[1])),
  ];
  touch();
}

// Other images: places are shown on the new one, and what was moved stays moved.
async function page(step) {
  const slice = Math.min(shown.slices - 1, Math.max(0, shown.slice + step));
  if (slice === shown.slice) return;
  if (changed) {
    trouble("Save the discs first, or discard what was changed: places hold on the image they were put on.");
    return;
  }
  await open(shown.person, slice);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !shown) return;
  if (event.target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
  if (event.key === "Enter" && event.target.matches("button:not(#save), a")) return;
  const [row, column] = shown.spacing_mm;
  const step = { ArrowUp: [-NUDGE / row, 0], ArrowDown: [NUDGE / row, 0], ArrowLeft: [0, -NUDGE / column], ArrowRight: [0, NUDGE / column] }[event.key];
  const deeds = {
    "[": () => renumber(-1), "]": () => renumber(1), ArrowUp: () => hold(held - 1), ArrowDown: () => hold(held + 1),
    ArrowLeft: () => leave(-1), ArrowRight: () => leave(1), Enter: save, a: add, Delete: remove, Backspace: remove, z: () => picture.reset(),
  };
  if (event.shiftKey && step) {
    if (discs[held]) move(held, discs[held].at.map((at, k) => at + step[k]));
  } else if (deeds[event.key]) deeds[event.key]();
  else return;
  event.preventDefault();
});

function leave(step) {
  if (changed) trouble("Save the discs first, or discard what was changed.");
  else open(shown.person + step);
}

for (const [id, deed] of [
  ["save", save], ["renumber-up", () => renumber(-1)], ["renumber-down", () => renumber(1)], ["add", add], ["remove", remove],
  ["up", () => page(1)], ["down", () => page(-1)], ["reset", () => picture.reset()],
  ["undo", () => { changed = false; trouble(""); open(shown.person, shown.slice); }],
  ["show-list", () => document.body.classList.toggle("list-open")],
]) $(id).addEventListener("click", deed);
$("slider").addEventListener("input", () => page(Number($("slider").value) - shown.slice));
window.addEventListener("beforeunload", (event) => changed && event.preventDefault());
document.addEventListener("click", (event) => {
  if (event.detail > 0 && event.target.closest("main button, header button")) document.activeElement.blur();
});

try {
  await refresh();
  if (people.length) await open(0);
  else $("title").textContent = "No sagittal images are shown here: there are none, or the reading is blinded.";
  document.body.dataset.ready = "true";
} catch (error) {
  trouble(`The discs could not be read: ${error.message}`);
}
