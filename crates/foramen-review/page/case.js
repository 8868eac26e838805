// Opens a case and pages through its images.

import { arrange, closeList, following } from "./cases.js";
import { ACROSS, SPINE, axial, homeOf, sagittal, showPatch, showSagittal } from "./pictures.js";
import { get, pixels } from "./server.js";
import { $, STATES, measuredAt, state } from "./state.js";
import { tellCase, tellSlice, trouble } from "./words.js";

export async function open(id) {
  const mine = ++state.turn;
  performance.clearMarks();
  try {
    const found = await get(`case/${id}`);
    if (mine !== state.turn) return;
    state.shown = found;
  } catch (error) {
    trouble(`The case could not be opened: ${error.message}.`);
    return;
  }
  state.hold = state.ruler = null;
  const last = state.shown.answers.at(-1);
  state.at = last?.slice ?? state.shown.start;
  state.sagittalAt = state.shown.sagittal?.middle ?? 0;
  const automatic = state.shown.automatic?.slice;
  const measured = state.shown.slices[automatic]?.[state.shown.side];
  state.draft = {
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
  if (last?.walls && last.seen === "occluded") state.draft.marks.set(state.at, last.walls[0]);
  else if (last?.walls && (last.moved || !measuredAt(state.at)?.walls)) state.draft.walls.set(state.at, last.walls);
  axial.clear();
  const centre = state.shown.slices[state.at] && homeOf(state.shown.slices[state.at]);
  axial.home(centre, centre ? ACROSS : null);
  const discs = state.shown.sagittal?.discs ?? [];
  const spine = [0, 1].map((k) => discs.reduce((sum, disc) => sum + disc.at[k], 0) / discs.length);
  sagittal.home(discs.length ? spine : null, discs.length ? SPINE : null);
  $("slider").max = Math.max(0, state.shown.slices.length - 1);
  tellCase();
  arrange();
  await showSlice();
  if (mine === state.turn) {
    showSagittal();
    ahead();
  }
}

async function showSlice() {
  const mine = state.turn;
  const [id, slice] = [state.shown.id, state.at];
  tellSlice();
  if (!state.shown.slices.length) {
    axial.clear();
    trouble("No axial image of this case is in the DICOM folder.");
    return;
  }
  try {
    const found = await pixels(`case/${id}/axial/${slice}`);
    if (mine !== state.turn || slice !== state.at) return;
    axial.show(found, state.shown.slices[slice].spacing_mm);
    performance.mark("first-picture", { detail: id });
  } catch (error) {
    axial.clear();
    trouble(`Image ${slice + 1} cannot be shown: ${error.message}`);
  }
  sagittal.redraw();
  showPatch();
}

// The next cases, and what lies around the image that is shown.
function ahead() {
  const quiet = (promise) => promise.catch(() => {});
  for (const step of [1, -1, 2, -2]) {
    if (state.shown.slices[state.at + step]) quiet(pixels(`case/${state.shown.id}/axial/${state.at + step}`));
  }
  // Two cases, since whoever accepts may be faster than a stack is decoded.
  const next = following();
  for (const item of [next, next && following(next.id)]) {
    if (!item || item.id === state.shown.id) continue;
    quiet(get(`case/${item.id}`).then((found) => {
      if (found.slices.length) quiet(pixels(`case/${found.id}/axial/${found.answers.at(-1)?.slice ?? found.start}`));
      if (found.sagittal) quiet(pixels(`case/${found.id}/sagittal/${found.sagittal.middle}`));
    }));
  }
}

export function go(slice) {
  if (!state.shown?.slices.length) return;
  const to = Math.min(state.shown.slices.length - 1, Math.max(0, slice));
  if (to === state.at) return;
  state.at = to;
  state.draft.touched = true;
  state.hold = null;
  state.ruler = null;
  showSlice();
  for (const step of [1, -1]) {
    if (state.shown.slices[state.at + step]) pixels(`case/${state.shown.id}/axial/${state.at + step}`).catch(() => {});
  }
}

export function neighbour(step) {
  const place = state.order.findIndex((item) => item.id === state.shown?.id);
  const item = state.order[place + step] ?? (place < 0 ? state.order[0] : null);
  if (item) open(item.id);
}

// A case of the list, an image of the profile, and the image of another reader's answer.
$("cases").addEventListener("click", (event) => {
  const item = event.target.closest("[data-item]")?.dataset.item;
  if (!item) return;
  closeList();
  // What is being answered is not read again under the reader's hands.
  if (item !== state.shown?.id) open(item);
});
for (const id of ["profile", "others"]) {
  $(id).addEventListener("click", (event) => {
    const slice = event.target.closest("[data-slice]")?.dataset.slice;
    if (slice != null) go(Number(slice));
  });
}
