// The page: one case at a time. What the picture shows is what is saved.

import {
  NUDGE, backToMeasured, place, save, setKim, setSeen, setWall, takeHold, toggle, toggleFrom, undo,
} from "./answer.js";
import { go, neighbour, open } from "./case.js";
import { arrange, closeList, openList, refresh } from "./cases.js";
import { exportAll, showAgreement } from "./dialogs.js";
import { listenForKeys, tellKeys } from "./keys.js";
import { axial } from "./pictures.js";
import "./pointers.js";
import { $, handlesAt, state } from "./state.js";
import { tellSlice, trouble, whatIsMissing } from "./words.js";

function setTool(name) {
  state.tool = name;
  for (const one of ["window", "pan", "ruler"]) $(`tool-${one}`).setAttribute("aria-pressed", one === state.tool);
}

const act = {
  save, undo,
  up: () => go(state.at + 1), down: () => go(state.at - 1),
  next: () => neighbour(1), previous: () => neighbour(-1),
  automatic() {
    if (state.shown?.automatic?.slice == null) return;
    go(state.shown.automatic.slice);
    backToMeasured();
  },
  second: () => {
    const second = state.shown.slices.findIndex((slice) => slice[state.shown.side]?.rank === "runner_up");
    if (second >= 0) go(second);
  },
  open: () => setSeen("open"), occluded: () => setSeen("occluded"), closed: () => setSeen("closed"),
  unclear: () => setSeen("unclear"), place, measured: backToMeasured,
  front: () => takeHold(0), back: () => takeHold(1),
  kim0: () => setKim(0), kim1: () => setKim(1), kim2: () => setKim(2),
  level: () => toggle("level"), side: () => toggle("side"), note: () => $("note").focus(),
  lines: () => { state.showLines = !state.showLines; $("lines").setAttribute("aria-pressed", state.showLines); axial.redraw(); },
  invert: () => { axial.invert(); $("invert").setAttribute("aria-pressed", axial.inverted); },
  drag: () => setTool({ window: "pan", pan: "ruler", ruler: "window" }[state.tool]),
  ruler: () => setTool(state.tool === "ruler" ? "window" : "ruler"),
  larger: () => axial.zoom(1.25), smaller: () => axial.zoom(0.8),
  reset: () => { state.ruler = null; axial.reset(); },
  agreement: showAgreement, filter: () => { openList(); $("filter").focus(); },
  help: () => $("help").showModal(),
  nudge(key) {
    if (state.hold == null || !handlesAt(state.at)?.[state.hold]) return false;
    const [row, column] = state.shown.slices[state.at].spacing_mm;
    const step = { ArrowUp: [-NUDGE / row, 0], ArrowDown: [NUDGE / row, 0], ArrowLeft: [0, -NUDGE / column], ArrowRight: [0, NUDGE / column] }[key];
    const wall = handlesAt(state.at)[state.hold];
    setWall(state.hold, [wall[0] + step[0], wall[1] + step[1]]);
    return true;
  },
};

for (const [id, deed] of [
  ["save", "save"], ["undo", "undo"], ["to-automatic", "automatic"], ["to-second", "second"], ["place", "place"],
  ["measured-walls", "measured"], ["previous", "previous"], ["next", "next"], ["up", "up"], ["down", "down"],
  ["invert", "invert"], ["lines", "lines"], ["reset", "reset"], ["show-help", "help"], ["show-agreement", "agreement"],
]) $(id).addEventListener("click", () => act[deed]());
for (const name of ["window", "pan", "ruler"]) $(`tool-${name}`).addEventListener("click", () => setTool(name));
$("slider").addEventListener("input", () => go(Number($("slider").value)));
$("seen").addEventListener("change", (event) => setSeen(event.target.value));
$("kim").addEventListener("change", (event) => { state.draft.kim = event.target.value === "" ? null : Number(event.target.value); });
$("level-wrong").addEventListener("change", () => toggleFrom("level"));
$("side-wrong").addEventListener("change", () => toggleFrom("side"));
$("filter").addEventListener("change", arrange);
$("sort").addEventListener("change", arrange);
$("export").addEventListener("click", exportAll);
$("show-list").addEventListener("click", () => document.body.classList.contains("list-open") ? closeList() : openList());
document.addEventListener("keydown", (event) => event.key === "Escape" && closeList());
window.addEventListener("beforeunload", (event) => state.unsent && event.preventDefault());
new ResizeObserver(() => state.shown && tellSlice()).observe($("profile"));

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

try {
  await refresh();
  trouble(whatIsMissing());
  const first = state.order.find((item) => !item.answer && item.images) ?? state.order[0];
  if (first) await open(first.id);
  else $("title").textContent = state.study.adjudicate ? "Readers disagree on no case." : "There is no case here; Levels shows the discs.";
  document.body.dataset.ready = "true";
} catch (error) {
  trouble(`The study could not be read: ${error.message}`);
}
