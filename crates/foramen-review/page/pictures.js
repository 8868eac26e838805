// The three pictures of a case: axial, sagittal, and the patch that a model sees.

import { COLOURS, drawMark, drawWalls, headline, label } from "./drawing.js";
import { Picture } from "./picture.js";
import { pixels } from "./server.js";
import { $, markAt, patchCentre, state, wallsAt } from "./state.js";

// Of an axial image at first, millimetres: the foramina with what lies around them.
export const ACROSS = 75;

// Of a sagittal image at first, millimetres.
export const SPINE = 125;

export const axial = new Picture($("axial-picture"), drawAxial);

export const sagittal = new Picture($("sagittal-picture"), drawSagittal);

const patch = new Picture($("patch-picture"), null);

// The middle of the picture: between the disc and the back of the canal.
export function homeOf(slice) {
  const walls = [slice.right?.walls, slice.left?.walls].filter(Boolean);
  if (slice.disc) return [slice.disc[0] + 8 / slice.spacing_mm[0], slice.disc[1]];
  if (walls.length === 2) {
    const middle = (k) => (walls[0][0][k] + walls[0][1][k] + walls[1][0][k] + walls[1][1][k]) / 4;
    return [middle(0), middle(1)];
  }
  // One side alone: the canal lies beside it, towards the midline.
  const own = slice[state.shown.side]?.walls ?? state.draft.walls.get(state.at);
  if (!own) return null;
  const midline = (state.shown.side === "right" ? 14 : -14) / slice.spacing_mm[1];
  return [(own[0][0] + own[1][0]) / 2, (own[0][1] + own[1][1]) / 2 + midline];
}

export async function showSagittal() {
  const mine = state.turn;
  if (!state.shown.sagittal) {
    sagittal.clear();
    $("sagittal-caption").textContent = "No sagittal image in the frame of reference of the axial ones.";
    return;
  }
  $("sagittal-caption").textContent = "Sagittal: the line is this axial image";
  try {
    const found = await pixels(`case/${state.shown.id}/sagittal/${state.sagittalAt}`);
    if (mine === state.turn) sagittal.show(found, state.shown.sagittal.spacing_mm);
  } catch (error) {
    $("sagittal-caption").textContent = error.message;
  }
}

let patchWait = 0;

export function showPatch() {
  clearTimeout(patchWait);
  const mine = state.turn;
  patchWait = setTimeout(async () => {
    if (mine !== state.turn) return;
    const [slice, seen] = [state.at, state.draft.seen];
    const middle = patchCentre();
    if (!middle) {
      patch.clear();
      $("patch-caption").textContent = ["closed", "unclear"].includes(seen)
        ? "Left out: the model will not see it" : "No patch yet: place both walls first";
      return;
    }
    const kept = () => mine === state.turn && slice === state.at && seen === state.draft.seen;
    try {
      const found = await pixels(`case/${state.shown.id}/patch/${slice}/${middle[0].toFixed(2)}/${middle[1].toFixed(2)}`);
      if (!kept()) return;
      patch.show(found, [1, 1]);
      $("patch-caption").textContent = `What the model sees${state.shown.side === "left" ? " (mirrored)" : ""}`;
    } catch (error) {
      if (!kept()) return;
      patch.clear();
      $("patch-caption").textContent = `No patch: ${error.message}`;
    }
  }, 120);
}

function drawAxial(context, to) {
  const ruled = state.ruler && state.showLines ? `${axial.millimetres(...state.ruler).toFixed(1)} mm` : "";
  if ($("ruled").textContent !== ruled) $("ruled").textContent = ruled;
  // No image of a file: a person must know, also where nothing else is drawn.
  if (state.shown?.slices[state.at]?.reformatted) headline(context, "reformatted", COLOURS.made);
  if (!state.shown || !state.showLines) return;
  const other = state.shown.side === "left" ? "right" : "left";
  const beside = state.shown.slices[state.at][other];
  if (beside?.walls) drawWalls(context, to, beside.walls, COLOURS.other, 1.25, null);
  const walls = wallsAt(state.at);
  if (walls && state.draft.seen === "open") drawWalls(context, to, walls, COLOURS.own, 2, state.hold);
  const mark = state.draft.seen === "occluded" && markAt(state.at);
  if (mark) drawMark(context, to(mark), state.hold != null);
  if (state.ruler) {
    drawWalls(context, to, state.ruler, COLOURS.ruler, 1.5, null);
    const [x, y] = to(state.ruler[1]);
    label(context, ruled, x + 8, y - 8, COLOURS.ruler);
  }
}

function drawSagittal(context, to) {
  if (!state.shown?.sagittal) return;
  const line = state.shown.slices[state.at]?.line;
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
  for (const disc of state.shown.sagittal.discs) {
    const [x, y] = to(disc.at);
    const own = disc.level === state.shown.level;
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

// Two walls where the foramen of an adult is on average, for the reader to drag.
export function newWalls() {
  const slice = state.shown.slices[state.at];
  const [row, column] = slice.spacing_mm;
  const side = state.shown.side === "right" ? -1 : 1;
  const middle = slice.disc ? [slice.disc[0] + 8 / row, slice.disc[1] + side * 14 / column]
    : axial.pixels ? axial.view.centre : [slice.rows / 2, slice.columns / 2];
  return [[middle[0] - 2 / row, middle[1]], [middle[0] + 2 / row, middle[1]]];
}
