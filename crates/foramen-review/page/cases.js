// The list of cases, its order and filters, and how many are left.

import { get } from "./server.js";
import { $, state } from "./state.js";

export async function refresh() {
  state.study = await get("study");
  const { blind, adjudicate, reader } = state.study;
  for (const part of ["sort", "sort-label", "to-levels"]) $(part).hidden = blind;
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

export function arrange() {
  const filters = {
    all: () => true,
    open: (item) => !item.answer || item.id === state.shown?.id,
    doubt: (item) => item.doubt?.reasons.length,
    changed: isChanged,
    noted: (item) => item.answer?.note,
    disagree: (item) => item.doubt?.reasons.includes("readers disagree"),
  };
  state.order = state.study.items.filter(filters[$("filter").value]);
  if (!state.study.blind) {
    const by = {
      doubt: (a, b) => b.doubt.score - a.doubt.score,
      subject: (a, b) => a.title.localeCompare(b.title, "en", { numeric: true }),
      width: (a, b) => (a.width_mm ?? 99) - (b.width_mm ?? 99),
    };
    state.order.sort(by[$("sort").value]);
  }
  const list = $("cases");
  list.replaceChildren(...state.order.map((item) => {
    const entry = document.createElement("li");
    const button = document.createElement("button");
    button.dataset.item = item.id;
    if (item.id === state.shown?.id) button.setAttribute("aria-current", "true");
    const name = document.createElement("span");
    name.textContent = item.title;
    const foramen = document.createElement("span");
    foramen.className = "foramen";
    foramen.textContent = `${item.level} ${item.side}`;
    const mark = document.createElement("span");
    mark.className = item.answer ? "done" : "todo";
    mark.textContent = !item.images ? "no images there" : item.answer ? (isChanged(item) && !state.study.blind ? "✓ corrected" : "✓") : item.doubt?.reasons[0] ?? "";
    button.append(name, foramen, mark);
    entry.append(button);
    return entry;
  }));
  if (!state.order.length) {
    const none = document.createElement("li");
    none.className = "none";
    none.textContent = "No case of this kind.";
    list.append(none);
  }
}

function tellProgress() {
  const total = state.study.items.filter((item) => item.images || item.answer).length;
  const done = state.study.items.filter((item) => item.answer).length;
  $("bar").max = Math.max(1, total);
  $("bar").value = done;
  let text = `${done} of ${total}`;
  if (done === total && total) text += ", all answered";
  else if (state.study.seconds_per_case) {
    const minutes = Math.ceil(state.study.seconds_per_case * (total - done) / 60);
    text += `, about ${minutes} minute${minutes === 1 ? "" : "s"} left`;
  }
  $("progress").textContent = text;
}

// The next case without an answer after one, else the next.
export function following(id = state.shown?.id) {
  const place = state.order.findIndex((item) => item.id === id);
  const after = [...state.order.slice(place + 1), ...state.order.slice(0, Math.max(0, place))];
  return after.find((item) => !item.answer && item.images) ?? state.order[place + 1];
}

export function openList() {
  document.body.classList.add("list-open");
  $("show-list").setAttribute("aria-expanded", "true");
}

export function closeList() {
  document.body.classList.remove("list-open");
  $("show-list").setAttribute("aria-expanded", "false");
}
