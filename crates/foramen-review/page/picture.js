// A slice on a canvas, with window, zoom and what is drawn on it. Places are [row, column] of
// the slice; whole numbers are the centres of pixels.

export class Picture {
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.draw = draw;
    this.image = document.createElement("canvas");
    this.pixels = null;
    this.spacing = [1, 1];
    this.window = null;
    this.inverted = false;
    this.centre = null;
    this.across = null;
    this.frame = 0;
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  // Another slice; window and zoom stay.
  show(pixels, spacing) {
    this.pixels = pixels;
    this.spacing = spacing;
    this.render();
  }

  clear() {
    this.pixels = null;
    this.redraw();
  }

  // As at first: centred on a place and so many millimetres across, or the whole slice.
  home(centre, across) {
    this.homeView = [centre, across];
    this.reset();
  }

  reset() {
    [this.centre, this.across] = this.homeView ?? [null, null];
    this.window = null;
    if (this.pixels) this.render();
  }

  render() {
    const { rows, columns, low, high, values } = this.pixels;
    const [from, to] = this.window ?? [low, high];
    this.image.width = columns;
    this.image.height = rows;
    const context = this.image.getContext("2d");
    const data = context.createImageData(columns, rows);
    const scale = 255 / Math.max(1, to - from);
    for (let i = 0; i < values.length; i++) {
      let grey = (values[i] - from) * scale;
      grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
      if (this.inverted) grey = 255 - grey;
      const at = 4 * i;
      data.data[at] = data.data[at + 1] = data.data[at + 2] = grey;
      data.data[at + 3] = 255;
    }
    context.putImageData(data, 0, 0);
    this.redraw();
  }

  // Screen pixels per millimetre, and where the middle of the canvas lies on the slice.
  get view() {
    const { rows, columns } = this.pixels;
    const [row, column] = this.spacing;
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    const whole = Math.max(columns * column / width, rows * row / height) * Math.min(width, height);
    const across = this.across ?? whole;
    const scale = Math.min(width, height) / across;
    const centre = this.centre ?? [(rows - 1) / 2, (columns - 1) / 2];
    return { scale, centre, width, height };
  }

  toScreen([row, column]) {
    const { scale, centre, width, height } = this.view;
    return [
      width / 2 + (column - centre[1]) * this.spacing[1] * scale,
      height / 2 + (row - centre[0]) * this.spacing[0] * scale,
    ];
  }

  toSlice([x, y]) {
    const { scale, centre, width, height } = this.view;
    return [
      centre[0] + (y - height / 2) / (this.spacing[0] * scale),
      centre[1] + (x - width / 2) / (this.spacing[1] * scale),
    ];
  }

  millimetres(a, b) {
    return Math.hypot((a[0] - b[0]) * this.spacing[0], (a[1] - b[1]) * this.spacing[1]);
  }

  zoom(factor, at) {
    if (!this.pixels) return;
    const before = at && this.toSlice(at);
    const { scale, width, height, centre } = this.view;
    const across = Math.min(600, Math.max(8, Math.min(width, height) / (scale * factor)));
    this.across = across;
    this.centre = centre;
    if (before) {
      const after = this.toSlice(at);
      this.centre = [centre[0] + before[0] - after[0], centre[1] + before[1] - after[1]];
    }
    this.redraw();
  }

  pan(dx, dy) {
    const { scale, centre } = this.view;
    this.across ??= Math.min(this.canvas.clientWidth, this.canvas.clientHeight) / scale;
    this.centre = [centre[0] - dy / (this.spacing[0] * scale), centre[1] - dx / (this.spacing[1] * scale)];
    this.redraw();
  }

  // Right is more contrast, up is darker, as in other viewers.
  level(dx, dy) {
    const { low, high } = this.pixels;
    const [from, to] = this.window ?? [low, high];
    const step = (high - low) / 300;
    const width = Math.max(step, to - from + dx * step);
    const middle = (from + to) / 2 + dy * step;
    this.window = [middle - width / 2, middle + width / 2];
    this.render();
  }

  invert() {
    this.inverted = !this.inverted;
    if (this.pixels) this.render();
  }

  redraw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint(this.canvas, this.draw));
  }

  paint(canvas, draw) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.pixels) return;
    this.place(context, this.toScreen([-0.5, -0.5]), this.view.scale);
    draw?.(context, (place) => this.toScreen(place));
  }

  place(context, [x, y], scale) {
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    const { rows, columns } = this.pixels;
    context.drawImage(this.image, x, y, columns * this.spacing[1] * scale, rows * this.spacing[0] * scale);
  }

  // What lies around a place, enlarged, on a canvas of its own.
  magnify(canvas, place, factor, draw) {
    const ratio = window.devicePixelRatio || 1;
    const size = canvas.clientWidth;
    canvas.width = canvas.height = Math.round(size * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const scale = this.view.scale * factor;
    const to = ([row, column]) => [
      size / 2 + (column - place[1]) * this.spacing[1] * scale,
      size / 2 + (row - place[0]) * this.spacing[0] * scale,
    ];
    this.place(context, to([-0.5, -0.5]), scale);
    draw(context, to);
  }
}
