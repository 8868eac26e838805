// What the page shows now, and what is known of an image of the case.

export const state = {
  study: { items: [] },
  order: [], // the cases that are listed
  shown: null, // the case
  at: 0, // the image
  draft: null, // the answer that is being made
  tool: "window", // what a drag does
  showLines: true,
  hold: null, // the wall that keys move: 0 front, 1 back
  ruler: null,
  sagittalAt: 0,
  turn: 0, // counts cases, so that late replies of a former one are dropped
  busy: false,
  saved: [], // cases that were answered in this window, the last one last
  unsent: null, // an answer that the server has not confirmed
};

export const $ = (id) => document.getElementById(id);

export const STATES = { open: "open", occluded: "occluded", closed: "a pedicle", unclear: "not evaluable" };

// Where the middle of the patch lies, as the answer stands now; null where there will be none.
export function patchCentre() {
  if (!state.shown?.slices[state.at]) return null;
  if (state.draft.seen === "occluded") return markAt(state.at);
  const walls = state.draft.seen === "open" ? wallsAt(state.at) : null;
  return walls && [0, 1].map((k) => (walls[0][k] + walls[1][k]) / 2);
}

export function measuredAt(slice) {
  return state.shown?.slices[slice]?.[state.shown.side];
}

export function wallsAt(slice) {
  return state.draft?.walls.get(slice) ?? measuredAt(slice)?.walls ?? null;
}

// Where an occluded foramen lies: as marked, else where it is expected.
export function markAt(slice) {
  return state.draft?.marks.get(slice) ?? state.shown?.slices[slice]?.centre ?? null;
}

export function widthAt(slice) {
  if (state.draft.walls.has(slice)) {
    const [a, b] = state.draft.walls.get(slice);
    const [row, column] = state.shown.slices[slice].spacing_mm;
    return Math.hypot((a[0] - b[0]) * row, (a[1] - b[1]) * column);
  }
  return measuredAt(slice)?.width_mm ?? null;
}

// What can be dragged: both walls, or the mark of an occluded foramen.
export function handlesAt(slice) {
  if (state.draft?.seen === "occluded") {
    const mark = markAt(slice);
    return mark && [mark];
  }
  return state.draft?.seen === "open" ? wallsAt(slice) : null;
}
