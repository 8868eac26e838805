// Agreement and export, each in a dialog.

import { get, post } from "./server.js";
import { $ } from "./state.js";
import { trouble } from "./words.js";

export async function showAgreement() {
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
    const limits = pair.lower_limit && pair.upper_limit
      && `${number(pair.lower_limit, 1)} to ${number(pair.upper_limit, 1)}`;
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

export async function exportAll() {
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
