// Mouse, pen and finger on the pictures.

import { setWall } from "./answer.js";
import { go } from "./case.js";
import { COLOURS, label } from "./drawing.js";
import { axial, showSagittal } from "./pictures.js";
import { $, handlesAt, state, wallsAt, widthAt } from "./state.js";

const pointers = new Map();

let dragging = null;

function position(event) {
  const box = $("axial-picture").getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function wallAt(spot, reach) {
  const handles = state.showLines ? handlesAt(state.at) : null;
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
    const handle = axial.toScreen(handlesAt(state.at)[wall]);
    dragging = { kind: "wall", wall, grip: [handle[0] - spot[0], handle[1] - spot[1]] };
    state.hold = wall;
  } else if (event.button !== 0) dragging = { kind: "pan" };
  else if (state.tool === "ruler") {
    const start = axial.toSlice(spot);
    state.ruler = [start, start];
    dragging = { kind: "ruler" };
  } else dragging = { kind: state.tool };
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
    state.ruler[1] = axial.toSlice(spot);
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
  const place = handlesAt(state.at)[wall];
  const [x, y] = axial.toScreen(place);
  loupe.hidden = false;
  // Beside the finger, not below it.
  loupe.classList.toggle("at-right", x < $("axial-picture").clientWidth / 2);
  loupe.classList.toggle("at-bottom", y < $("axial-picture").clientHeight / 2);
  axial.magnify(loupe, place, 4, (context, to) => {
    const isOpen = state.draft.seen === "open";
    if (isOpen) {
      const walls = wallsAt(state.at).map(to);
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
    if (isOpen) label(context, `${widthAt(state.at).toFixed(2)} mm`, loupe.clientWidth / 2 - 26, 24, COLOURS.own);
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
    go(state.at - Math.sign(wheel));
    wheel = 0;
  }
}, { passive: false });

$("sagittal-picture").addEventListener("wheel", (event) => {
  if (!state.shown?.sagittal) return;
  event.preventDefault();
  state.sagittalAt = Math.min(state.shown.sagittal.slices - 1, Math.max(0, state.sagittalAt + Math.sign(event.deltaY)));
  showSagittal();
}, { passive: false });
