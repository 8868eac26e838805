"use strict";
// The page is complete without this: it adds a slider and values under the pointer.
{
  const place = (figure) => figure?.querySelector("[data-frame]")?.dataset.frame.split(" ").map(Number);
  const mark = (figure, name, set) => {
    if (!figure) return;
    let found = figure.querySelector(".moving");
    if (!found) {
      found = document.createElementNS("http://www.w3.org/2000/svg", name);
      found.setAttribute("class", "moving");
      figure.querySelector("svg").append(found);
    }
    for (const [key, value] of Object.entries(set)) found.setAttribute(key, value);
  };

  const data = document.getElementById("thresholds-data");
  if (data) {
    const rows = JSON.parse(data.textContent);
    const slider = document.getElementById("threshold");
    const names = ["called", "sensitivity", "specificity", "ppv", "npv", "benefit", "everyone"];
    const [roc, decision] = ["roc", "decision"].map((id) => document.getElementById(id));
    const show = () => {
      const row = rows[slider.value - 1];
      document.getElementById("threshold-value").textContent = row.at.toFixed(2);
      names.forEach((name, at) => { document.getElementById(`threshold-${name}`).textContent = row.cells[at]; });
      slider.setAttribute("aria-valuetext", `${row.at.toFixed(2)}: sensitivity ${row.cells[1]}, specificity ${row.cells[2]}`);
      const on = place(roc);
      if (on && row.roc) {
        const [left, top, width, height] = on;
        mark(roc, "circle", { cx: left + width * row.roc[0], cy: top + height * (1 - row.roc[1]), r: 6 });
      }
      const across = place(decision);
      if (across) {
        const [left, top, width, height, first, last] = across;
        const share = Math.min(1, Math.max(0, (row.at - first) / (last - first)));
        mark(decision, "rect", { x: left + width * share - 1, y: top, width: 2, height });
      }
    };
    slider.addEventListener("input", show);
    document.getElementById("thresholds").hidden = false;
    show();
  }

  for (const figure of document.querySelectorAll("figure.plot")) {
    if (!figure.querySelector(".tip")) continue;
    const readout = document.createElement("p");
    readout.className = "readout small";
    readout.textContent = "Point at the curve to read its values.";
    figure.append(readout);
    const read = (event) => {
      const text = event.target.closest?.(".tip")?.querySelector("title")?.textContent;
      if (text) readout.textContent = text;
    };
    figure.addEventListener("pointerover", read);
    figure.addEventListener("pointerdown", read);
  }
}
