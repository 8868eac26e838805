// What is drawn on a slice. `to` gives the place on the canvas of a place on the slice.

export const COLOURS = { own: "#ffb000", other: "#7fb2ff", hold: "#ffffff", ruler: "#5dff8f", disc: "#ffb000", line: "#5dc8ff", made: "#ffdc5a" };

export function drawWalls(context, to, walls, colour, width, held) {
  const [a, b] = walls.map(to);
  for (const [stroke, thick] of [["rgba(0,0,0,.7)", width + 2], [colour, width]]) {
    context.strokeStyle = stroke;
    context.lineWidth = thick;
    context.beginPath();
    context.moveTo(...a);
    context.lineTo(...b);
    context.stroke();
    for (const [number, [x, y]] of [a, b].entries()) {
      context.beginPath();
      context.arc(x, y, held === number ? 7 : 2, 0, 7);
      context.stroke();
    }
  }
}

// A cross with an open middle, so that what it marks is seen.
export function drawMark(context, [x, y], held) {
  for (const [stroke, thick] of [["rgba(0,0,0,.7)", 4], [COLOURS.own, 2]]) {
    context.strokeStyle = stroke;
    context.lineWidth = thick;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 4 * dx, y + 4 * dy);
      context.lineTo(x + 11 * dx, y + 11 * dy);
    }
    if (held) context.arc(x, y, 14, 0, 7);
    context.stroke();
  }
}

// In the middle near the upper edge of the canvas, below what the page writes there.
export function headline(context, text, colour) {
  context.textAlign = "center";
  label(context, text, context.canvas.clientWidth / 2, 68, colour);
  context.textAlign = "start";
}

export function label(context, text, x, y, colour) {
  context.font = "600 14px system-ui, sans-serif";
  context.lineWidth = 3;
  context.strokeStyle = "rgba(0,0,0,.8)";
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}
