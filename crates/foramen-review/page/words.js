// What the page says of a case and of an image.

import { drawProfile } from "./profile.js";
import { $, STATES, measuredAt, state, wallsAt, widthAt } from "./state.js";

export function tellCase() {
  $("title").textContent = `${state.shown.title}, ${state.shown.level} ${state.shown.side}`;
  const automatic = state.shown.automatic;
  const lines = [];
  const position = state.shown.side === "right" ? "at image left" : "at image right";
  if (state.study.adjudicate) lines.push("Readers disagree: settle it.");
  if (!automatic) lines.push(`Where is the ${state.shown.side} foramen of ${state.shown.level} (${position}) narrowest?`);
  else if (automatic.slice == null) {
    lines.push(`Nothing was chosen: ${automatic.reason.split(";")[0] || "no reason is given"}. Page to where the ${state.shown.side} foramen (${position}) is narrowest.`);
  } else {
    const sure = automatic.confidence == null ? "" : `, ${Math.round(100 * automatic.confidence)} % sure`;
    lines.push(`Automatic: image ${automatic.slice + 1}, ${mm(automatic.width_mm)}${sure}. The ${state.shown.side} foramen is ${position}.`);
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
  $("reason").value = state.draft.reason;
  $("note").value = state.draft.note;
  $("level-wrong").checked = state.draft.problems.has("level");
  $("side-wrong").checked = state.draft.problems.has("side");
  for (const input of $("kim").querySelectorAll("input")) input.checked = input.value === `${state.draft.kim ?? ""}`;
  const last = state.shown.answers.at(-1);
  $("saved").textContent = last ? `Saved ${time(last.time)}: ${said(last)}` : "Not answered yet.";
  $("saved").className = last ? "kept" : "";
  $("undo").disabled = !last && !state.saved.length;
  const second = state.shown.slices.findIndex((slice) => slice[state.shown.side]?.rank === "runner_up");
  $("to-second").disabled = second < 0;
  $("to-automatic").disabled = automatic?.slice == null;
  tellOthers();
}

function tellOthers() {
  const others = state.shown.others ?? [];
  $("others").replaceChildren(...others.map((answer) => {
    const line = document.createElement("button");
    line.className = "other";
    line.textContent = `${answer.settled ? "settled by " : ""}${answer.reader}: ${said(answer)}`;
    if (answer.slice != null) line.dataset.slice = answer.slice;
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

export function tellSlice() {
  const slice = state.shown.slices[state.at];
  $("slider").value = state.at;
  const offset = slice?.offset_mm;
  const place = offset == null ? "" : `, ${Math.abs(offset).toFixed(1)} mm ${offset >= 0 ? "above" : "below"} the disc`;
  const several = new Set(state.shown.slices.map((one) => one.series)).size;
  const series = several > 1 ? `, series ${slice.series + 1} of ${several}` : "";
  const made = slice?.reformatted ? ", reformatted" : "";
  $("where").textContent = slice ? `image ${state.at + 1} of ${state.shown.slices.length}${series}${place}${made}` : "no image";
  const measured = measuredAt(state.at);
  const width = widthAt(state.at);
  const has = state.draft.seen === "open" && width != null;
  $("reading").textContent = has ? `${width.toFixed(1)} mm${state.draft.walls.has(state.at) ? " (yours)" : ""}`
    : state.draft.seen !== "open" ? STATES[state.draft.seen] : measured && measured.width_mm == null ? `measured: ${measured.state}` : "";
  $("axial-picture").setAttribute("aria-label",
    `Axial ${$("where").textContent}. ${state.shown.side} foramen: ${$("reading").textContent || "no walls placed"}`);
  for (const input of $("seen").querySelectorAll("input")) input.checked = input.value === state.draft.seen;
  $("reason-row").hidden = state.draft.seen !== "unclear";
  $("measured-walls").disabled = !(state.draft.walls.has(state.at) && measured?.walls) && !state.draft.marks.has(state.at);
  $("save").textContent = saving();
  drawProfile($("profile"), {
    slices: state.shown.slices, side: state.shown.side, other: state.shown.side === "left" ? "right" : "left", current: state.at,
    own: new Map([...state.draft.walls.keys()].map((key) => [key, widthAt(key)])),
  });
}

// What the save button would do, in words.
function saving() {
  const automatic = state.shown.automatic?.slice;
  const width = widthAt(state.at);
  const verb = state.study.adjudicate ? "Settle" : "Save";
  if (state.draft.seen !== "open") {
    const measured = measuredAt(state.at);
    const agrees = state.at === automatic && measured?.state === state.draft.seen && !state.draft.marks.has(state.at) && !state.study.adjudicate;
    const where = state.at === automatic || automatic == null || state.draft.seen === "unclear" ? "" : ` on image ${state.at + 1}`;
    return agrees ? `Accept: ${STATES[state.draft.seen]}` : `${verb}: ${STATES[state.draft.seen]}${where}`;
  }
  if (!state.draft.touched) return "Find the narrowest image";
  if (width == null || !wallsAt(state.at)) return "Place both walls first";
  const moved = state.draft.walls.has(state.at);
  if (state.at === automatic && !moved && !state.study.adjudicate) return `Accept ${width.toFixed(1)} mm`;
  if (automatic == null) return `${verb} ${width.toFixed(1)} mm`;
  return state.at === automatic ? `${verb} moved walls, ${width.toFixed(1)} mm` : `${verb} image ${state.at + 1}, ${width.toFixed(1)} mm`;
}

export function trouble(text) {
  $("trouble").hidden = !text;
  $("trouble").textContent = text;
}

// What the study names and the folder of images does not hold.
export function whatIsMissing() {
  const lines = [];
  const n = state.study.items.filter((item) => !item.images).length;
  if (n) {
    lines.push(`${n} of ${state.study.items.length} cases have no images in the DICOM folder, and cannot be answered`
      + `${state.study.missing.length ? ` (${state.study.missing[0]}${n > 1 ? ", …" : ""})` : ""}; they are marked in the list.`);
  }
  if (state.study.lost) lines.push(`${state.study.lost} earlier answer${state.study.lost === 1 ? " is" : "s are"} of images that are not in the study any more. They are kept; the export lists them.`);
  return lines.join(" ");
}
