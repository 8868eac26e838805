// The answer of a reader: it is made here, and counts as saved only when the server says so.

import { open } from "./case.js";
import { following, refresh } from "./cases.js";
import { axial, newWalls, showPatch } from "./pictures.js";
import { post, requestName } from "./server.js";
import { $, STATES, markAt, measuredAt, state, wallsAt } from "./state.js";
import { tellSlice, trouble } from "./words.js";

// One step of a key, millimetres.
export const NUDGE = 0.1;

export function setSeen(seen) {
  state.draft.seen = seen;
  state.draft.touched = true;
  if (seen === "occluded" && !markAt(state.at) && axial.pixels) state.draft.marks.set(state.at, [...axial.view.centre]);
  state.hold = null;
  tellSlice();
  axial.redraw();
  showPatch();
  if (seen === "unclear") $("reason").focus();
}

// Moves a wall of an open foramen, or the mark of an occluded one.
export function setWall(number, place) {
  const slice = state.shown.slices[state.at];
  const held = [
    Math.min(slice.rows - 1, Math.max(0, place[0])),
    Math.min(slice.columns - 1, Math.max(0, place[1])),
  ];
  if (state.draft.seen === "occluded") state.draft.marks.set(state.at, held);
  else {
    const walls = (wallsAt(state.at) ?? newWalls()).map((wall) => [...wall]);
    walls[number] = held;
    state.draft.walls.set(state.at, walls);
    state.draft.seen = "open";
  }
  state.draft.touched = true;
  tellSlice();
  axial.redraw();
  showPatch();
}

export async function save() {
  if (!state.shown || state.busy) return;
  if (state.unsent) {
    trouble("The last answer is not saved yet. Keep this page open; it is tried again every 3 seconds.");
    return;
  }
  if (!state.draft.touched) {
    trouble("Nothing was chosen here: first page to the image where it is narrowest (wheel, or arrows up and down).");
    return;
  }
  if (state.draft.seen === "open" && !wallsAt(state.at)) {
    place();
    trouble("Drag both walls to where they are (or f, b and Shift with arrows), then save.");
    return;
  }
  if (state.draft.seen === "unclear" && !$("reason").value.trim()) {
    trouble("Say why it cannot be evaluated.");
    $("reason").focus();
    return;
  }
  const body = {
    item: state.shown.id, request: requestName(), slice: state.at, seen: state.draft.seen,
    reason: state.draft.seen === "unclear" ? $("reason").value : "",
    walls: wallsToSave(),
    problems: [...state.draft.problems], kim: state.draft.kim, note: $("note").value,
  };
  await send("answer", body);
}

// The walls that go with an answer; null for those that were measured. An occluded foramen is
// one place, given twice, unless it is accepted where it was found.
function wallsToSave() {
  if (state.draft.seen === "open") return state.draft.walls.get(state.at) ?? null;
  if (state.draft.seen !== "occluded") return null;
  const isAccepted = state.at === state.shown.automatic?.slice && measuredAt(state.at)?.state === "occluded" && !state.draft.marks.has(state.at);
  const mark = isAccepted ? null : markAt(state.at);
  return mark && [mark, mark];
}

// An answer counts as saved only when the server has said so; one without a reply is sent
// again under its name.
async function send(path, body) {
  state.busy = true;
  $("saved").textContent = "Saving…";
  $("saved").className = "";
  try {
    await post(path, body);
    state.unsent = null;
    trouble("");
  } catch (error) {
    state.busy = false;
    $("saved").textContent = "NOT saved.";
    $("saved").className = "lost";
    if (error.refused) {
      state.unsent = null;
      trouble(`Not saved: ${error.message}.`);
      return;
    }
    state.unsent = [path, body];
    trouble(`Not saved: the server does not answer. Keep this page open; it is tried again every 3 seconds.`);
    setTimeout(() => state.unsent?.[1] === body && send(path, body), 3000);
    return;
  }
  state.busy = false;
  const { item } = body;
  state.saved = state.saved.filter((id) => id !== item);
  if (path === "answer") state.saved.push(item);
  await refresh().catch(() => {});
  if (path === "undo") await open(item);
  // Whoever went on while the server did not answer is left where they are.
  else if (state.shown.id !== item) trouble("The answer that had not been saved is saved now.");
  else if (state.study.blind) {
    // A blinded reader sees now what had been chosen, and goes on by a key.
    await open(item);
    $("next").focus();
  } else await open(following(item)?.id ?? item);
}

// Takes back the last answer to this case, or where it has none the last that was saved here.
export function undo() {
  const item = state.shown?.answers.length ? state.shown.id : state.saved.at(-1);
  if (item && !state.busy && !state.unsent) send("undo", { item, request: requestName() });
}

export function place() {
  if (!state.shown?.slices.length) return;
  state.draft.walls.set(state.at, newWalls());
  state.draft.seen = "open";
  state.hold = 0;
  tellSlice();
  axial.redraw();
  showPatch();
}

export function setKim(grade) {
  state.draft.kim = state.draft.kim === grade ? null : grade;
  for (const input of $("kim").querySelectorAll("input")) input.checked = input.value === `${state.draft.kim ?? ""}`;
}

export function toggle(problem) {
  state.draft.problems.has(problem) ? state.draft.problems.delete(problem) : state.draft.problems.add(problem);
  $(`${problem}-wrong`).checked = state.draft.problems.has(problem);
}

export function backToMeasured() {
  state.draft.walls.delete(state.at);
  state.draft.marks.delete(state.at);
  state.hold = null;
  const measured = measuredAt(state.at);
  if (measured && STATES[measured.state]) state.draft.seen = measured.state;
  tellSlice();
  axial.redraw();
  showPatch();
}

export function takeHold(number) {
  const isMark = state.draft.seen === "occluded" && markAt(state.at);
  if (!isMark && !wallsAt(state.at)) place();
  if (!isMark) state.draft.seen = "open";
  state.hold = isMark ? 0 : number;
  tellSlice();
  axial.redraw();
}

export function toggleFrom(problem) {
  $(`${problem}-wrong`).checked ? state.draft.problems.add(problem) : state.draft.problems.delete(problem);
}
