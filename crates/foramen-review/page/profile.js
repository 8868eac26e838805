// The width over the images of a series. Each column names its image as `data-slice`.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 34, right: 8, top: 8, bottom: 18 };

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

export function drawProfile(svg, { slices, side, other, current, own }) {
  const width = svg.clientWidth || 600;
  const height = svg.clientHeight || 120;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const series = slices[current]?.series;
  const shown = slices.map((slice, index) => ({ slice, index })).filter(({ slice }) => slice.series === series);
  if (!shown.length) return;
  const widths = shown.flatMap(({ slice, index }) => [slice[side]?.width_mm, slice[other]?.width_mm, own.get(index)]);
  const most = Math.max(4, ...widths.filter((mm) => mm != null)) * 1.08;
  const x = (place) => MARGIN.left + (place + 0.5) * (width - MARGIN.left - MARGIN.right) / shown.length;
  const y = (mm) => height - MARGIN.bottom - mm * (height - MARGIN.top - MARGIN.bottom) / most;
  for (let mm = 0; mm < most; mm += 2) {
    svg.append(element("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(mm), y2: y(mm), class: "grid" }));
    svg.append(element("text", { x: MARGIN.left - 6, y: y(mm) + 4, class: "number", "text-anchor": "end" }, mm));
  }
  const at = shown.findIndex(({ index }) => index === current);
  const step = (width - MARGIN.left - MARGIN.right) / shown.length;
  svg.append(element("rect", { x: x(at) - step / 2, y: 0, width: step, height: height - MARGIN.bottom, class: "current" }));
  line(svg, shown, other, x, y, "other");
  line(svg, shown, side, x, y, "own");
  for (const [place, { slice, index }] of shown.entries()) {
    const seen = slice[side];
    const mm = own.get(index) ?? seen?.width_mm;
    if (mm != null) {
      const rank = seen?.rank ? ` ${seen.rank}` : "";
      const kind = own.has(index) ? " moved" : "";
      svg.append(element("circle", { cx: x(place), cy: y(mm), r: seen?.rank || kind ? 5 : 3, class: `dot${rank}${kind}` }));
    } else {
      svg.append(element("text", { x: x(place), y: height - MARGIN.bottom - 2, class: "mark", "text-anchor": "middle" },
        seen?.state === "closed" ? "▪" : "·"));
    }
    const hit = element("rect", { x: x(place) - step / 2, y: 0, width: step, height, class: "hit", "data-slice": index });
    hit.append(element("title", {}, title(slice, seen, index)));
    svg.append(hit);
  }
  svg.append(element("text", { x: MARGIN.left, y: height - 4, class: "number" }, "feet"));
  svg.append(element("text", { x: width - MARGIN.right, y: height - 4, class: "number", "text-anchor": "end" }, "head"));
}

function title(slice, seen, index) {
  const offset = slice.offset_mm == null ? "" : `, ${slice.offset_mm.toFixed(1)} mm from the disc`;
  const what = !seen ? "" : seen.width_mm == null ? `, ${seen.state}` : `, ${seen.width_mm.toFixed(1)} mm`;
  return `image ${index + 1}${offset}${what}`;
}

// A line through neighbouring images that have a width; it is broken where one has none.
function line(svg, shown, side, x, y, name) {
  let path = "";
  let drawing = false;
  for (const [place, { slice }] of shown.entries()) {
    const mm = slice[side]?.width_mm;
    if (mm != null) path += `${drawing ? "L" : "M"}${x(place).toFixed(1)} ${y(mm).toFixed(1)}`;
    drawing = mm != null;
  }
  if (path) svg.append(element("path", { d: path, class: `line ${name}` }));
}
