// The page: one case at a time. What the picture shows is what is saved.

import { drawProfile } from "./profile.js";
import { listenForKeys, tellKeys } from "./keys.js";
import { Picture } from "./picture.js";
import { get, pixels, post, requestName } from "./server.js";

const $ = (id) => document.getElementById(id);
// Of an axial image at first, millimetres: the foramina with what lies around them.
const ACROSS = 75;
// Of a sagittal image at first, millimetres.
const SPINE = 125;
const NUDGE = 0.1;
const COLOURS = { own: "#ffb000", other: "#7fb2ff", hold: "#ffffff", ruler: "#5dff8f", disc: "#ffb000", line: "#5dc8ff" };
const STATES = { open: "open", occluded: "occluded", closed: "a pedicle", unclear: "not evaluable" };

let study = { items: [] };
let order = [];
let shown = null; // the case
let at = 0; // the image
let draft = null; // the answer that is being made
let tool = "window";
let showLines = true;
let hold = null; // the wall that keys move: 0 front, 1 back
let ruler = null;
let sagittalAt = 0;
let turn = 0; // counts cases, so that late replies of a former one are dropped
let busy = false;

const axial = new Picture($("axial-picture"), drawAxial);
const sagittal = new Picture($("sagittal-picture"), drawSagittal);
const patch = new Picture($("patch-picture"), null);

// ---- cases

async function refresh() {
  study = await get("study");
  const { blind, adjudicate, reader } = study;
  for (const part of ["sort", "sort-label"]) $(part).hidden = blind;
  for (const value of ["doubt", "changed", "noted", "disagree"]) {
    $("filter").querySelector(`[value=${value}]`).disabled = blind && value !== "noted";
  }
  document.title = `${adjudicate ? "Settling" : blind ? "Blinded reading" : "Review"} – ${reader}`;
  arrange();
  tellProgress();
}

function isChanged(item) {
  return item.answer && (item.width_mm == null || item.answer.width_mm == null
    || Math.abs(item.answer.width_mm - item.width_mm) > 0.0005);
}

function arrange() {
  const filters = {
    all: () => true,
    open: (item) => !item.answer || item.id === shown?.id,
    doubt: (item) => item.doubt?.reasons.length,
    changed: isChanged,
    noted: (item) => item.answer?.note,
    disagree: (item) => item.doubt?.reasons.includes("readers disagree"),
  };
  order = study.items.filter(filters[$("filter").value]);
  if (!study.blind) {
    const by = {
      doubt: (a, b) => b.doubt.score - a.doubt.score,
      subject: (a, b) => a.title.localeCompare(b.title, "en", { numeric: true }),
      width: (a, b) => (a.width_mm ?? 99) - (b.width_mm ?? 99),
    };
    order.sort(by[$("sort").value]);
  }
  const list = $("cases");
  list.replaceChildren(...order.map((item) => {
    const entry = document.createElement("li");
    const button = document.createElement("button");
    button.dataset.item = item.id;
    if (item.id === shown?.id) button.setAttribute("aria-current", "true");
    const name = document.createElement("span");
    name.textContent = item.title;
    const foramen = document.createElement("span");
    foramen.className = "foramen";
    foramen.textContent = `${item.level} ${item.side}`;
    const mark = document.createElement("span");
    mark.className = item.answer ? "done" : "todo";
    mark.textContent = !item.images ? "no images there" : item.answer ? (isChanged(item) && !study.blind ? "✓ corrected" : "✓") : item.doubt?.reasons[0] ?? "";
    button.append(name, foramen, mark);
    button.addEventListener("click", () => {
      closeList();
      open(item.id);
    });
    entry.append(button);
    return entry;
  }));
  if (!order.length) {
    const none = document.createElement("li");
    none.className = "none";
    none.textContent = "No case of this kind.";
    list.append(none);
  }
}

function tellProgress() {
  const total = study.items.filter((item) => item.images || item.answer).length;
  const done = study.items.filter((item) => item.answer).length;
  $("bar").max = Math.max(1, total);
  $("bar").value = done;
  let text = `${done} of ${total}`;
  if (done === total && total) text += ", all answered";
  else if (study.seconds_per_case) {
    const minutes = Math.ceil(study.seconds_per_case * (total - done) / 60);
    text += `, about ${minutes} minute${minutes === 1 ? "" : "s"} left`;
  }
  $("progress").textContent = text;
}

async function open(id) {
  const mine = ++turn;
  performance.clearMarks();
  try {
    const found = await get(`case/${id}`);
    if (mine !== turn) return;
    shown = found;
  } catch (error) {
    trouble(`The case could not be opened: ${error.message}.`);
    return;
  }
  hold = ruler = null;
  const last = shown.answers.at(-1);
  at = last?.slice ?? shown.start;
  sagittalAt = shown.sagittal?.middle ?? 0;
  const automatic = shown.automatic?.slice;
  const measured = shown.slices[automatic]?.[shown.side];
  draft = {
    seen: last?.seen ?? (measured && STATES[measured.state] ? measured.state : "open"),
    reason: last?.reason ?? "",
    kim: last?.kim ?? null,
    note: last?.note ?? "",
    problems: new Set(last?.problems ?? []),
    walls: new Map(),
    // Where an occluded foramen lies, as the reader has marked it.
    marks: new Map(),
    // Where nothing was chosen, nothing is saved that nobody has looked for.
    touched: Boolean(last) || measured != null,
  };
  if (last?.walls && last.seen === "occluded") draft.marks.set(at, last.walls[0]);
  else if (last?.walls && (last.moved || !measuredAt(at)?.walls)) draft.walls.set(at, last.walls);
  axial.clear();
  const centre = shown.slices[at] && homeOf(shown.slices[at]);
  axial.home(centre, centre ? ACROSS : null);
  const discs = shown.sagittal?.discs ?? [];
  const spine = [0, 1].map((k) => discs.reduce((sum, disc) => sum + disc.at[k], 0) / discs.length);
  sagittal.home(discs.length ? spine : null, discs.length ? SPINE : null);
  $("slider").max = Math.max(0, shown.slices.length - 1);
  tellCase();
  arrange();
  await showSlice();
  if (mine === turn) {
    showSagittal();
    ahead();
  }
}

// The middle of the picture: between the disc and the back of the canal.
function homeOf(slice) {
  const walls = [slice.right?.walls, slice.left?.walls].filter(Boolean);
  if (slice.disc) return [slice.disc[0] + 8 / slice.spacing_mm[0], slice.disc[1]];
  if (walls.length === 2) {
    const middle = (k) => (walls[0][0][k] + walls[0][1][k] + walls[1][0][k] + walls[1][1][k]) / 4;
    return [middle(0), middle(1)];
  }
  // One side alone: the canal lies beside it, towards the midline.
  const own = slice[shown.side]?.walls ?? draft.walls.get(at);
  if (!own) return null;
  const midline = (shown.side === "right" ? 14 : -14) / slice.spacing_mm[1];
  return [(own[0][0] + own[1][0]) / 2, (own[0][1] + own[1][1]) / 2 + midline];
}

// ---- pictures

async function showSlice() {
  const mine = turn;
  const [id, slice] = [shown.id, at];
  tellSlice();
  if (!shown.slices.length) {
    axial.clear();
    trouble("No axial image of this case is in the DICOM folder.");
    return;
  }
  try {
    const found = await pixels(`case/${id}/axial/${slice}`);
    if (mine !== turn || slice !== at) return;
    axial.show(found, shown.slices[slice].spacing_mm);
    performance.mark("first-picture", { detail: id });
  } catch (error) {
    axial.clear();
    trouble(`Image ${slice + 1} cannot be shown: ${error.message}`);
  }
  sagittal.redraw();
  showPatch();
}

async function showSagittal() {
  const mine = turn;
  if (!shown.sagittal) {
    sagittal.clear();
    $("sagittal-caption").textContent = "No sagittal image in the frame of reference of the axial ones.";
    return;
  }
  $("sagittal-caption").textContent = "Sagittal: the line is this axial image";
  try {
    const found = await pixels(`case/${shown.id}/sagittal/${sagittalAt}`);
    if (mine === turn) sagittal.show(found, shown.sagittal.spacing_mm);
  } catch (error) {
    $("sagittal-caption").textContent = error.message;
  }
}

// Where the middle of the patch lies, as the answer stands now; null where there will be none.
function patchCentre() {
  if (!shown?.slices[at]) return null;
  if (draft.seen === "occluded") return markAt(at);
  const walls = draft.seen === "open" ? wallsAt(at) : null;
  return walls && [0, 1].map((k) => (walls[0][k] + walls[1][k]) / 2);
}

let patchWait = 0;
function showPatch() {
  clearTimeout(patchWait);
  const mine = turn;
  patchWait = setTimeout(async () => {
    if (mine !== turn) return;
    const [slice, seen] = [at, draft.seen];
    const middle = patchCentre();
    if (!middle) {
      patch.clear();
      $("patch-caption").textContent = ["closed", "unclear"].includes(seen)
        ? "Left out: the model will not see this foramen" : "What the model sees: place both walls first";
      return;
    }
    const kept = () => mine === turn && slice === at && seen === draft.seen;
    try {
      const found = await pixels(`case/${shown.id}/patch/${slice}/${middle[0].toFixed(2)}/${middle[1].toFixed(2)}`);
      if (!kept()) return;
      patch.show(found, [1, 1]);
      $("patch-caption").textContent = `What the model sees: this side at the left${shown.side === "left" ? ", mirrored" : ""}`;
    } catch (error) {
      if (!kept()) return;
      patch.clear();
      $("patch-caption").textContent = `No patch: ${error.message}`;
    }
  }, 120);
}

// The next case, and what lies around the image that is shown.
function ahead() {
  const quiet = (promise) => promise.catch(() => {});
  for (const step of [1, -1, 2, -2]) {
    if (shown.slices[at + step]) quiet(pixels(`case/${shown.id}/axial/${at + step}`));
  }
  const next = following();
  if (!next || next.id === shown.id) return;
  quiet(get(`case/${next.id}`).then((found) => {
    if (found.slices.length) quiet(pixels(`case/${found.id}/axial/${found.answers.at(-1)?.slice ?? found.start}`));
    if (found.sagittal) quiet(pixels(`case/${found.id}/sagittal/${found.sagittal.middle}`));
  }));
}

function measuredAt(slice) {
  return shown?.slices[slice]?.[shown.side];
}

function wallsAt(slice) {
  return draft?.walls.get(slice) ?? measuredAt(slice)?.walls ?? null;
}

// Where an occluded foramen lies: as marked, else where it is expected.
function markAt(slice) {
  return draft?.marks.get(slice) ?? shown?.slices[slice]?.centre ?? null;
}

function widthAt(slice) {
  if (draft.walls.has(slice)) {
    const [a, b] = draft.walls.get(slice);
    const [row, column] = shown.slices[slice].spacing_mm;
    return Math.hypot((a[0] - b[0]) * row, (a[1] - b[1]) * column);
  }
  return measuredAt(slice)?.width_mm ?? null;
}

function drawAxial(context, to) {
  if (!shown || !showLines) return;
  const other = shown.side === "left" ? "right" : "left";
  const beside = shown.slices[at][other];
  if (beside?.walls) drawWalls(context, to, beside.walls, COLOURS.other, 1.25, null);
  const walls = wallsAt(at);
  if (walls && draft.seen === "open") drawWalls(context, to, walls, COLOURS.own, 2, hold);
  const mark = draft.seen === "occluded" && markAt(at);
  if (mark) drawMark(context, to(mark), hold != null);
  if (ruler) {
    drawWalls(context, to, ruler, COLOURS.ruler, 1.5, null);
    const [x, y] = to(ruler[1]);
    label(context, `${axial.millimetres(...ruler).toFixed(1)} mm`, x + 8, y - 8, COLOURS.ruler);
  }
}

function drawWalls(context, to, walls, colour, width, held) {
  const [a, b] = walls.map(to);
  for (const [stroke, thick] of [["rgba(0,0,0,.7)", width + 2], [colour, width]]) {
    context.strokeStyle = stroke;
    context.lineWidth = thick;
    context.beginPath();
    context.moveTo(...a);
    context.lineTo(...b);
    context.stroke();
    for (const [number, [x, y]] of [a, b].entries()) {
      context.beginPath();
      context.arc(x, y, held === number ? 7 : 2, 0, 7);
      context.stroke();
    }
  }
}

// A cross with an open middle, so that what it marks is seen.
function drawMark(context, [x, y], held) {
  for (const [stroke, thick] of [["rgba(0,0,0,.7)", 4], [COLOURS.own, 2]]) {
    context.strokeStyle = stroke;
    context.lineWidth = thick;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 4 * dx, y + 4 * dy);
      context.lineTo(x + 11 * dx, y + 11 * dy);
    }
    if (held) context.arc(x, y, 14, 0, 7);
    context.stroke();
  }
}

function label(context, text, x, y, colour) {
  context.font = "600 14px system-ui, sans-serif";
  context.lineWidth = 3;
  context.strokeStyle = "rgba(0,0,0,.8)";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function drawSagittal(context, to) {
  if (!shown?.sagittal) return;
  const line = shown.slices[at]?.line;
  if (line) {
    for (const [stroke, width] of [["rgba(0,0,0,.7)", 4], [COLOURS.line, 1.75]]) {
      context.strokeStyle = stroke;
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(...to(line[0]));
      context.lineTo(...to(line[1]));
      context.stroke();
    }
  }
  for (const disc of shown.sagittal.discs) {
    const [x, y] = to(disc.at);
    const own = disc.level === shown.level;
    context.beginPath();
    context.arc(x, y, own ? 5 : 3.5, 0, 7);
    context.fillStyle = own ? COLOURS.disc : "#ffffff";
    context.fill();
    context.strokeStyle = "#000000";
    context.lineWidth = 1;
    context.stroke();
    label(context, disc.level, x + 9, y + 5, own ? COLOURS.disc : "#ffffff");
  }
}

// ---- words

function tellCase() {
  $("title").textContent = `${shown.title}, ${shown.level} ${shown.side}`;
  const automatic = shown.automatic;
  const lines = [];
  const position = shown.side === "right" ? "at image left" : "at image right";
  if (study.adjudicate) lines.push("Readers disagree: settle it.");
  if (!automatic) lines.push(`Where is the ${shown.side} foramen of ${shown.level} (${position}) narrowest?`);
  else if (automatic.slice == null) {
    lines.push(`Nothing was chosen: ${automatic.reason.split(";")[0] || "no reason is given"}. Page to where the ${shown.side} foramen (${position}) is narrowest.`);
  } else {
    const sure = automatic.confidence == null ? "" : `, ${Math.round(100 * automatic.confidence)} % sure`;
    lines.push(`Automatic: image ${automatic.slice + 1}, ${mm(automatic.width_mm)}${sure}. The ${shown.side} foramen is ${position}.`);
  }
  $("question").textContent = lines.join(" ");
  $("question").title = automatic?.reason ?? "";
  const doubts = automatic?.doubts ?? [];
  $("doubts").hidden = !doubts.length;
  $("doubts").replaceChildren(...doubts.map((doubt) => {
    const chip = document.createElement("li");
    chip.textContent = doubt;
    return chip;
  }));
  $("reason").value = draft.reason;
  $("note").value = draft.note;
  $("level-wrong").checked = draft.problems.has("level");
  $("side-wrong").checked = draft.problems.has("side");
  for (const input of $("kim").querySelectorAll("input")) input.checked = input.value === `${draft.kim ?? ""}`;
  const last = shown.answers.at(-1);
  $("saved").textContent = last ? `Saved ${time(last.time)}: ${said(last)}` : "Not answered yet.";
  $("saved").className = last ? "kept" : "";
  $("undo").disabled = !last;
  const second = shown.slices.findIndex((slice) => slice[shown.side]?.rank === "runner_up");
  $("to-second").disabled = second < 0;
  $("to-automatic").disabled = automatic?.slice == null;
  tellOthers();
}

function tellOthers() {
  const others = shown.others ?? [];
  $("others").replaceChildren(...others.map((answer) => {
    const line = document.createElement("button");
    line.className = "other";
    line.textContent = `${answer.settled ? "settled by " : ""}${answer.reader}: ${said(answer)}`;
    line.addEventListener("click", () => answer.slice != null && go(answer.slice));
    return line;
  }));
}

function said(answer) {
  const where = answer.slice == null ? "" : ` on image ${answer.slice + 1}`;
  const what = answer.seen === "open" ? mm(answer.width_mm) : STATES[answer.seen];
  return `${what}${where}${answer.note ? ` – ${answer.note}` : ""}`;
}

function mm(width) {
  return width == null ? "no width" : width === 0 ? "occluded" : `${width.toFixed(1)} mm`;
}

function time(text) {
  return new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function tellSlice() {
  const slice = shown.slices[at];
  $("slider").value = at;
  const offset = slice?.offset_mm;
  const place = offset == null ? "" : `, ${Math.abs(offset).toFixed(1)} mm ${offset >= 0 ? "above" : "below"} the disc`;
  const several = new Set(shown.slices.map((one) => one.series)).size;
  const series = several > 1 ? `, series ${slice.series + 1} of ${several}` : "";
  $("where").textContent = slice ? `image ${at + 1} of ${shown.slices.length}${series}${place}` : "no image";
  const measured = measuredAt(at);
  const width = widthAt(at);
  const has = draft.seen === "open" && width != null;
  $("reading").textContent = has ? `${width.toFixed(1)} mm${draft.walls.has(at) ? " (yours)" : ""}`
    : draft.seen !== "open" ? STATES[draft.seen] : measured && measured.width_mm == null ? `measured: ${measured.state}` : "";
  $("axial-picture").setAttribute("aria-label",
    `Axial ${$("where").textContent}. ${shown.side} foramen: ${$("reading").textContent || "no walls placed"}`);
  for (const input of $("seen").querySelectorAll("input")) input.checked = input.value === draft.seen;
  $("reason-row").hidden = draft.seen !== "unclear";
  $("measured-walls").disabled = !(draft.walls.has(at) && measured?.walls) && !draft.marks.has(at);
  $("save").textContent = saving();
  drawProfile($("profile"), {
    slices: shown.slices, side: shown.side, other: shown.side === "left" ? "right" : "left", current: at, go,
    own: new Map([...draft.walls.keys()].map((key) => [key, widthAt(key)])),
  });
}

// What the save button would do, in words.
function saving() {
  const automatic = shown.automatic?.slice;
  const width = widthAt(at);
  const verb = study.adjudicate ? "Settle" : "Save";
  if (draft.seen !== "open") {
    const measured = measuredAt(at);
    const agrees = at === automatic && measured?.state === draft.seen && !draft.marks.has(at) && !study.adjudicate;
    const where = at === automatic || automatic == null || draft.seen === "unclear" ? "" : ` on image ${at + 1}`;
    return agrees ? `Accept: ${STATES[draft.seen]}` : `${verb}: ${STATES[draft.seen]}${where}`;
  }
  if (!draft.touched) return "Find the narrowest image";
  if (width == null || !wallsAt(at)) return "Place both walls first";
  const moved = draft.walls.has(at);
  if (at === automatic && !moved && !study.adjudicate) return `Accept ${width.toFixed(1)} mm`;
  if (automatic == null) return `${verb} ${width.toFixed(1)} mm`;
  return at === automatic ? `${verb} moved walls, ${width.toFixed(1)} mm` : `${verb} image ${at + 1}, ${width.toFixed(1)} mm`;
}

function trouble(text) {
  $("trouble").hidden = !text;
  $("trouble").textContent = text;
}

// ---- deeds

function go(slice) {
  if (!shown?.slices.length) return;
  const to = Math.min(shown.slices.length - 1, Math.max(0, slice));
  if (to === at) return;
  at = to;
  draft.touched = true;
  hold = null;
  ruler = null;
  showSlice();
  for (const step of [1, -1]) {
    if (shown.slices[at + step]) pixels(`case/${shown.id}/axial/${at + step}`).catch(() => {});
  }
}

function setSeen(seen) {
  draft.seen = seen;
  draft.touched = true;
  if (seen === "occluded" && !markAt(at) && axial.pixels) draft.marks.set(at, [...axial.view.centre]);
  hold = null;
  tellSlice();
  axial.redraw();
  showPatch();
  if (seen === "unclear") $("reason").focus();
}

// Moves a wall of an open foramen, or the mark of an occluded one.
function setWall(number, place) {
  const slice = shown.slices[at];
  const held = [
    Math.min(slice.rows - 1, Math.max(0, place[0])),
    Math.min(slice.columns - 1, Math.max(0, place[1])),
  ];
  if (draft.seen === "occluded") draft.marks.set(at, held);
  else {
    const walls = (wallsAt(at) ?? newWalls()).map((wall) => [...wall]);
    walls[number] = held;
    draft.walls.set(at, walls);
    draft.seen = "open";
  }
  draft.touched = true;
  tellSlice();
  axial.redraw();
  showPatch();
}

// Two walls where the foramen of an adult is on average, for the reader to drag.
function newWalls() {
  const slice = shown.slices[at];
  const [row, column] = slice.spacing_mm;
  const side = shown.side === "right" ? -1 : 1;
  const middle = slice.disc ? [slice.disc[0] + 8 / row, slice.disc[1] + side * 14 / column]
    : axial.pixels ? axial.view.centre : [slice.rows / 2, slice.columns / 2];
  return [[middle[0] - 2 / row, middle[1]], [middle[0] + 2 / row, middle[1]]];
}

let unsent = null;

async function save() {
  if (!shown || busy) return;
  if (!draft.touched) {
    trouble("Nothing was chosen here: first page to the image where it is narrowest (wheel, or arrows up and down).");
    return;
  }
  if (draft.seen === "open" && !wallsAt(at)) {
    place();
    trouble("Drag both walls to where they are (or f, b and Shift with arrows), then save.");
    return;
  }
  if (draft.seen === "unclear" && !$("reason").value.trim()) {
    trouble("Say why it cannot be evaluated.");
    $("reason").focus();
    return;
  }
  const body = {
    item: shown.id, request: requestName(), slice: at, seen: draft.seen,
    reason: draft.seen === "unclear" ? $("reason").value : "",
    walls: wallsToSave(),
    problems: [...draft.problems], kim: draft.kim, note: $("note").value,
  };
  await send("answer", body);
}

// The walls that go with an answer; null for those that were measured. An occluded foramen is
// one place, given twice, unless it is accepted where it was found.
function wallsToSave() {
  if (draft.seen === "open") return draft.walls.get(at) ?? null;
  if (draft.seen !== "occluded") return null;
  const isAccepted = at === shown.automatic?.slice && measuredAt(at)?.state === "occluded" && !draft.marks.has(at);
  const mark = isAccepted ? null : markAt(at);
  return mark && [mark, mark];
}

// An answer counts as saved only when the server has said so; one without a reply is sent
// again under its name.
async function send(path, body) {
  busy = true;
  $("saved").textContent = "Saving…";
  $("saved").className = "";
  try {
    await post(path, body);
    unsent = null;
    trouble("");
  } catch (error) {
    busy = false;
    $("saved").textContent = "NOT saved.";
    $("saved").className = "lost";
    if (error.refused) {
      trouble(`Not saved: ${error.message}.`);
      return;
    }
    unsent = [path, body];
    trouble(`Not saved: the server does not answer. Keep this page open; it is tried again every 3 seconds.`);
    setTimeout(() => unsent?.[1] === body && send(path, body), 3000);
    return;
  }
  busy = false;
  const saved = body.item;
  await refresh().catch(() => {});
  if (path === "undo" || study.blind) {
    // A blinded reader sees now what had been chosen, and goes on by a key.
    if (shown.id === saved) await open(saved);
    if (path === "undo") return;
    $("next").focus();
    return;
  }
  const next = following(saved);
  if (next && next.id !== saved) await open(next.id);
  else await open(saved);
}

// The next case without an answer after one, else the next.
function following(id = shown?.id) {
  const place = order.findIndex((item) => item.id === id);
  const after = [...order.slice(place + 1), ...order.slice(0, Math.max(0, place))];
  return after.find((item) => !item.answer && item.images) ?? order[place + 1];
}

function neighbour(step) {
  const place = order.findIndex((item) => item.id === shown?.id);
  const item = order[place + step] ?? (place < 0 ? order[0] : null);
  if (item) open(item.id);
}

function place() {
  if (!shown?.slices.length) return;
  draft.walls.set(at, newWalls());
  draft.seen = "open";
  hold = 0;
  tellSlice();
  axial.redraw();
  showPatch();
}

function setKim(grade) {
  draft.kim = draft.kim === grade ? null : grade;
  for (const input of $("kim").querySelectorAll("input")) input.checked = input.value === `${draft.kim ?? ""}`;
}

function toggle(problem) {
  draft.problems.has(problem) ? draft.problems.delete(problem) : draft.problems.add(problem);
  $(`${problem}-wrong`).checked = draft.problems.has(problem);
}

function setTool(name) {
  tool = name;
  for (const one of ["window", "pan", "ruler"]) $(`tool-${one}`).setAttribute("aria-pressed", one === tool);
}

const act = {
  save, undo: () => shown?.answers.length && !busy && send("undo", { item: shown.id, request: requestName() }),
  up: () => go(at + 1), down: () => go(at - 1),
  next: () => neighbour(1), previous: () => neighbour(-1),
  automatic: () => shown?.automatic?.slice != null && (draft.walls.delete(shown.automatic.slice), draft.marks.delete(shown.automatic.slice), go(shown.automatic.slice), backToMeasured()),
  second: () => {
    const second = shown.slices.findIndex((slice) => slice[shown.side]?.rank === "runner_up");
    if (second >= 0) go(second);
  },
  open: () => setSeen("open"), occluded: () => setSeen("occluded"), closed: () => setSeen("closed"),
  unclear: () => setSeen("unclear"), place, measured: backToMeasured,
  front: () => takeHold(0), back: () => takeHold(1),
  kim0: () => setKim(0), kim1: () => setKim(1), kim2: () => setKim(2),
  level: () => toggle("level"), side: () => toggle("side"), note: () => $("note").focus(),
  lines: () => { showLines = !showLines; $("lines").setAttribute("aria-pressed", showLines); axial.redraw(); },
  invert: () => { axial.invert(); $("invert").setAttribute("aria-pressed", axial.inverted); },
  drag: () => setTool({ window: "pan", pan: "ruler", ruler: "window" }[tool]),
  ruler: () => setTool(tool === "ruler" ? "window" : "ruler"),
  larger: () => axial.zoom(1.25), smaller: () => axial.zoom(0.8),
  reset: () => { ruler = null; axial.reset(); },
  agreement: showAgreement, filter: () => { openList(); $("filter").focus(); },
  help: () => $("help").showModal(),
  nudge(key) {
    if (hold == null || !handlesAt(at)?.[hold]) return false;
    const [row, column] = shown.slices[at].spacing_mm;
    const step = { ArrowUp: [-NUDGE / row, 0], ArrowDown: [NUDGE / row, 0], ArrowLeft: [0, -NUDGE / column], ArrowRight: [0, NUDGE / column] }[key];
    const wall = handlesAt(at)[hold];
    setWall(hold, [wall[0] + step[0], wall[1] + step[1]]);
    return true;
  },
};

function backToMeasured() {
  draft.walls.delete(at);
  draft.marks.delete(at);
  hold = null;
  const measured = measuredAt(at);
  if (measured && STATES[measured.state]) draft.seen = measured.state;
  tellSlice();
  axial.redraw();
  showPatch();
}

// What can be dragged: both walls, or the mark of an occluded foramen.
function handlesAt(slice) {
  if (draft?.seen === "occluded") {
    const mark = markAt(slice);
    return mark && [mark];
  }
  return draft?.seen === "open" ? wallsAt(slice) : null;
}

function takeHold(number) {
  const isMark = draft.seen === "occluded" && markAt(at);
  if (!isMark && !wallsAt(at)) place();
  if (!isMark) draft.seen = "open";
  hold = isMark ? 0 : number;
  tellSlice();
  axial.redraw();
}

// ---- pointers

const pointers = new Map();
let dragging = null;

function position(event) {
  const box = $("axial-picture").getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function wallAt(spot, reach) {
  const handles = showLines ? handlesAt(at) : null;
  if (!handles) return null;
  const away = handles.map((handle) => Math.hypot(...axial.toScreen(handle).map((value, k) => value - spot[k])));
  const nearest = away.indexOf(Math.min(...away));
  return away[nearest] <= reach ? nearest : null;
}

$("axial-picture").addEventListener("pointerdown", (event) => {
  if (!axial.pixels) return;
  const spot = position(event);
  $("axial-picture").setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, spot);
  if (pointers.size === 2) {
    dragging = { kind: "pinch" };
    $("loupe").hidden = true;
    return;
  }
  const wall = event.button === 0 ? wallAt(spot, event.pointerType === "touch" ? 28 : 14) : null;
  if (wall != null) {
    const handle = axial.toScreen(handlesAt(at)[wall]);
    dragging = { kind: "wall", wall, grip: [handle[0] - spot[0], handle[1] - spot[1]] };
    hold = wall;
  } else if (event.button !== 0) dragging = { kind: "pan" };
  else if (tool === "ruler") {
    const start = axial.toSlice(spot);
    ruler = [start, start];
    dragging = { kind: "ruler" };
  } else dragging = { kind: tool };
});

$("axial-picture").addEventListener("pointermove", (event) => {
  const spot = position(event);
  if (!pointers.has(event.pointerId)) {
    $("axial-picture").style.cursor = axial.pixels && wallAt(spot, 14) != null ? "grab" : "crosshair";
    return;
  }
  const before = pointers.get(event.pointerId);
  if (dragging?.kind === "pinch" && pointers.size === 2) {
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    const span = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]);
    axial.zoom(span(spot) / Math.max(1, span(before)), [(spot[0] + other[0]) / 2, (spot[1] + other[1]) / 2]);
    axial.pan((spot[0] - before[0]) / 2, (spot[1] - before[1]) / 2);
  } else if (dragging?.kind === "wall") {
    const place = axial.toSlice([spot[0] + dragging.grip[0], spot[1] + dragging.grip[1]]);
    setWall(dragging.wall, place);
    showLoupe(dragging.wall);
  } else if (dragging?.kind === "ruler") {
    ruler[1] = axial.toSlice(spot);
    axial.redraw();
  } else if (dragging?.kind === "pan") axial.pan(spot[0] - before[0], spot[1] - before[1]);
  else if (dragging?.kind === "window") axial.level(spot[0] - before[0], spot[1] - before[1]);
  pointers.set(event.pointerId, spot);
});

for (const end of ["pointerup", "pointercancel"]) {
  $("axial-picture").addEventListener(end, (event) => {
    pointers.delete(event.pointerId);
    dragging = null;
    $("loupe").hidden = true;
  });
}

function showLoupe(wall) {
  const loupe = $("loupe");
  const place = handlesAt(at)[wall];
  const [x, y] = axial.toScreen(place);
  loupe.hidden = false;
  // Beside the finger, not below it.
  loupe.classList.toggle("at-right", x < $("axial-picture").clientWidth / 2);
  loupe.classList.toggle("at-bottom", y < $("axial-picture").clientHeight / 2);
  axial.magnify(loupe, place, 4, (context, to) => {
    const isOpen = draft.seen === "open";
    if (isOpen) {
      const walls = wallsAt(at).map(to);
      context.strokeStyle = COLOURS.own;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(...walls[0]);
      context.lineTo(...walls[1]);
      context.stroke();
    }
    const [cx, cy] = to(place);
    context.strokeStyle = COLOURS.hold;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(cx + 4 * dx, cy + 4 * dy);
      context.lineTo(cx + 14 * dx, cy + 14 * dy);
    }
    context.stroke();
    if (isOpen) label(context, `${widthAt(at).toFixed(2)} mm`, loupe.clientWidth / 2 - 26, 24, COLOURS.own);
  });
}

$("axial-picture").addEventListener("contextmenu", (event) => event.preventDefault());
let wheel = 0;
$("axial-picture").addEventListener("wheel", (event) => {
  event.preventDefault();
  if (event.ctrlKey) {
    axial.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, position(event));
    return;
  }
  // A mouse wheel gives one large step, a touchpad many small ones.
  wheel += event.deltaY;
  if (Math.abs(wheel) >= 40) {
    go(at - Math.sign(wheel));
    wheel = 0;
  }
}, { passive: false });
$("sagittal-picture").addEventListener("wheel", (event) => {
  if (!shown?.sagittal) return;
  event.preventDefault();
  sagittalAt = Math.min(shown.sagittal.slices - 1, Math.max(0, sagittalAt + Math.sign(event.deltaY)));
  showSagittal();
}, { passive: false });

// ---- dialogs

async function showAgreement() {
  let pairs;
  try {
    pairs = await get("agreement");
  } catch (error) {
    trouble(`No agreement: ${error.message}`);
    return;
  }
  const number = (value, digits) => value == null ? "–"
    : value.low == null ? value.value.toFixed(digits)
      : `${value.value.toFixed(digits)} (${value.low.toFixed(digits)} to ${value.high.toFixed(digits)})`;
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const title of ["Between", "Cases (persons)", "State, κ", "Difference, mm", "Limits, mm", "ICC(2,1)", "Kim, κ"]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const pair of pairs) {
    const row = body.insertRow();
    const limits = pair.lower_limit && `${pair.lower_limit.value.toFixed(1)} to ${pair.upper_limit.value.toFixed(1)}`;
    for (const text of [
      `${pair.first} and ${pair.second}`, `${pair.cases} (${pair.persons})`, number(pair.states, 2),
      number(pair.bias, 2), limits ?? "–", number(pair.icc, 2), number(pair.kim, 2),
    ]) row.insertCell().textContent = text;
  }
  const none = document.createElement("p");
  none.textContent = "Nothing was answered by two yet.";
  $("pairs").replaceChildren(pairs.length ? table : none);
  $("agreement").showModal();
}

async function exportAll() {
  $("export").disabled = true;
  try {
    const done = await post("export", {});
    const lines = [`${done.readings} readings in reviewed/readings.csv.`];
    if (done.reviewed != null) {
      const kinds = { none: "accepted", walls: "with moved walls", slice: "on another image", state: "with another state", excluded: "left out" };
      const parts = Object.entries(done.corrections).map(([name, n]) => `${n} ${kinds[name]}`);
      lines.push(`${done.reviewed} of ${done.cases} cases in reviewed/selections.csv${parts.length ? `: ${parts.join(", ")}` : ""}.`);
      lines.push(`${done.patches} patches were cut anew, ${done.added} were added where nothing had been chosen, ${done.left_out} were left out.`);
      if (done.reviewed < done.cases) lines.push("The other cases keep the automatic choice.");
      if (done.spines) lines.push(`Discs of ${done.spines} people in reviewed/levels.csv, for \`select --levels\`.`);
      lines.push(...done.problems);
    }
    $("export-result").replaceChildren(...lines.map((line) => {
      const text = document.createElement("p");
      text.textContent = line;
      return text;
    }));
    $("exported").showModal();
  } catch (error) {
    trouble(`Not exported: ${error.message}`);
  } finally {
    $("export").disabled = false;
  }
}

function openList() {
  document.body.classList.add("list-open");
  $("show-list").setAttribute("aria-expanded", "true");
}

function closeList() {
  document.body.classList.remove("list-open");
  $("show-list").setAttribute("aria-expanded", "false");
}

// ---- start

for (const [id, deed] of [
  ["save", "save"], ["undo", "undo"], ["to-automatic", "automatic"], ["to-second", "second"], ["place", "place"],
  ["measured-walls", "measured"], ["previous", "previous"], ["next", "next"], ["up", "up"], ["down", "down"],
  ["invert", "invert"], ["lines", "lines"], ["reset", "reset"], ["show-help", "help"], ["show-agreement", "agreement"],
]) $(id).addEventListener("click", () => act[deed]());
for (const name of ["window", "pan", "ruler"]) $(`tool-${name}`).addEventListener("click", () => setTool(name));
$("slider").addEventListener("input", () => go(Number($("slider").value)));
$("seen").addEventListener("change", (event) => setSeen(event.target.value));
$("kim").addEventListener("change", (event) => { draft.kim = event.target.value === "" ? null : Number(event.target.value); });
$("level-wrong").addEventListener("change", () => toggleFrom("level"));
$("side-wrong").addEventListener("change", () => toggleFrom("side"));
function toggleFrom(problem) {
  $(`${problem}-wrong`).checked ? draft.problems.add(problem) : draft.problems.delete(problem);
}
$("filter").addEventListener("change", arrange);
$("sort").addEventListener("change", arrange);
$("export").addEventListener("click", exportAll);
$("show-list").addEventListener("click", () => document.body.classList.contains("list-open") ? closeList() : openList());
document.addEventListener("keydown", (event) => event.key === "Escape" && closeList());
window.addEventListener("beforeunload", (event) => unsent && event.preventDefault());
new ResizeObserver(() => shown && tellSlice()).observe($("profile"));
// A button that was clicked does not keep the keys: Enter saves again. One that was reached by
// Tab does.
document.addEventListener("click", (event) => {
  if (event.detail > 0 && event.target.closest("main button, header button, .choice label, .checks label")) document.activeElement.blur();
});
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => $("axial-picture").focus({ preventScroll: true }));
}
tellKeys($("keys"));
listenForKeys(act);

// What the study names and the folder of images does not hold.
function whatIsMissing() {
  const lines = [];
  const n = study.items.filter((item) => !item.images).length;
  if (n) {
    lines.push(`${n} of ${study.items.length} cases have no images in the DICOM folder, and cannot be answered`
      + `${study.missing.length ? ` (${study.missing[0]}${n > 1 ? ", …" : ""})` : ""}; they are marked in the list.`);
  }
  if (study.lost) lines.push(`${study.lost} earlier answer${study.lost === 1 ? " is" : "s are"} of images that are not in the study any more. They are kept; the export lists them.`);
  return lines.join(" ");
}

try {
  await refresh();
  trouble(whatIsMissing());
  const first = order.find((item) => !item.answer && item.images) ?? order[0];
  if (first) await open(first.id);
  else $("title").textContent = study.adjudicate ? "Readers disagree on no case." : "There is no case here; Levels shows the discs.";
  document.body.dataset.ready = "true";
} catch (error) {
  trouble(`The study could not be read: ${error.message}`);
}
