// What the page asks its server. Addresses are relative, so that the secret stays in front.

// Pictures that are kept in memory: a case or two with their neighbours.
const KEPT = 80;

const pictures = new Map();

async function checked(response) {
  if (response.ok) return response;
  let message = `${response.status} ${response.statusText}`;
  try {
    message = (await response.json()).error ?? message;
  } catch {
    // The status says it.
  }
  const error = new Error(message);
  error.refused = response.status >= 400 && response.status < 500;
  throw error;
}

export async function get(path) {
  return (await checked(await fetch(path))).json();
}

export async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return (await checked(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }))).json();
}

// A picture: rows, columns, window, and 16 bits for each pixel. The last ones asked for are kept.
export function pixels(path) {
  const known = pictures.get(path);
  if (known) {
    pictures.delete(path);
    pictures.set(path, known);
    return known;
  }
  const wanted = fetch(path)
    .then(checked)
    .then((response) => response.arrayBuffer())
    .then((buffer) => {
      const [rows, columns, low, high] = new Uint32Array(buffer, 0, 4);
      return { rows, columns, low, high: Math.max(high, low + 1), values: new Uint16Array(buffer, 16) };
    });
  wanted.catch(() => pictures.delete(path));
  pictures.set(path, wanted);
  while (pictures.size > KEPT) pictures.delete(pictures.keys().next().value);
  return wanted;
}

// A name for a request, so that one that got no answer can be sent again.
export function requestName() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
