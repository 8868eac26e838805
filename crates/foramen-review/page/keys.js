// Every key, what it does, and how it is told. `act` has one function for each name.

export const KEYS = [
  ["Enter", "save", "save what is shown (a accepts too)"],
  ["a", "save", null],
  ["ArrowUp", "up", "next image to the head (wheel)"],
  ["ArrowDown", "down", "next image to the feet (wheel)"],
  ["PageUp", "up", null],
  ["PageDown", "down", null],
  ["ArrowRight", "next", "next case"],
  ["ArrowLeft", "previous", "case before"],
  ["c", "automatic", "the automatic choice"],
  ["r", "second", "the runner-up"],
  ["o", "open", "open"],
  ["x", "occluded", "occluded: shut by bone or disc"],
  ["p", "closed", "a pedicle: this image cuts no foramen"],
  ["n", "unclear", "not evaluable, with a reason"],
  ["w", "place", "new walls in the middle of the picture"],
  ["e", "measured", "back to the measured walls"],
  ["f", "front", "take hold of the front wall (or of the mark of what is occluded); Shift and arrows move it 0.1 mm"],
  ["b", "back", "take hold of the back wall"],
  ["0", "kim0", "Kim's grade 0"],
  ["1", "kim1", "Kim's grade 1"],
  ["2", "kim2", "Kim's grade 2"],
  ["l", "level", "the level is wrong"],
  ["s", "side", "the side is wrong"],
  ["t", "note", "write a note (Escape leaves it)"],
  ["u", "undo", "take the last answer back"],
  ["h", "lines", "show or hide what is drawn"],
  ["i", "invert", "black for white"],
  ["d", "drag", "what a drag does: window, move, ruler"],
  ["m", "ruler", "ruler"],
  ["+", "larger", "zoom in (Ctrl and wheel, pinch)"],
  ["-", "smaller", "zoom out"],
  ["z", "reset", "window and zoom as at first"],
  ["g", "agreement", "agreement so far"],
  ["/", "filter", "filter the cases"],
  ["?", "help", "these keys"],
];

const NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

export function listenForKeys(act) {
  const names = new Map(KEYS.map(([key, name]) => [key, name]));
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const target = event.target;
    const writes = target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
    if (writes) {
      if (event.key === "Escape") target.blur();
      if (event.key === "Enter" && event.target.id === "reason") {
        event.preventDefault();
        target.blur();
        act.save();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        act.undo();
      }
      return;
    }
    if (event.shiftKey && event.key.startsWith("Arrow") && act.nudge(event.key)) {
      event.preventDefault();
      return;
    }
    // A button in focus is pressed by Enter, as everywhere.
    if (event.key === "Enter" && target.matches("button, summary, a") && target.id !== "save") return;
    const name = names.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
    if (!name) return;
    event.preventDefault();
    act[name]();
  });
}

export function tellKeys(list) {
  for (const [key, , told] of KEYS) {
    if (!told) continue;
    const term = document.createElement("dt");
    const name = document.createElement("kbd");
    name.textContent = NAMES[key] ?? key;
    term.append(name);
    const meaning = document.createElement("dd");
    meaning.textContent = told;
    list.append(term, meaning);
  }
}
