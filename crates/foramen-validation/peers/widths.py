"""The core of the foramen measurement of `foramen-select` in NumPy and SciPy.

It covers, for a stack of axial slices: finding and following the canal, the turn of the neck,
intensities that stand for fluid, bone and soft tissue, the cheapest wall around the canal (T2
FSE) or the shortest chord across the most open way (T2*), both walls at half intensity, and the
least distance between them. It leaves out what judges slices together, the upper limit, and
nerve roots. Loops over pixels, angles, places and directions are array operations; what is a
recursion from step to step (three shortest paths) is a loop over steps.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

SHAPES = [(8.0, 5.5), (9.5, 6.5), (11.0, 7.5), (12.5, 8.5), (10.0, 9.0)]
ANGLES = np.radians(100.0 - 1.5 * np.arange(121))
RADII = 3.0 + 0.25 * np.arange(93)
TYPICAL = (12.0, -5.5)
SIDES = {"left": 1.0, "right": -1.0}


@dataclass
class Slice:
    """Pixels, where they lie (LPS millimetres), and who they are."""

    pixels: np.ndarray
    origin: np.ndarray
    along_row: np.ndarray
    along_column: np.ndarray
    spacing: tuple
    uid: str = ""

    @property
    def normal(self):
        normal = np.cross(self.along_row, self.along_column)
        return normal if normal[2] > 0 else -normal

    def pixel(self, point):
        away = point - self.origin
        return np.array(
            [away @ self.along_column / self.spacing[0], away @ self.along_row / self.spacing[1]]
        )

    def point(self, row, column):
        return (
            self.origin
            + row * self.spacing[0] * self.along_column
            + column * self.spacing[1] * self.along_row
        )


class Frame:
    """Millimetres (left, back) around a place of a slice."""

    def __init__(self, one, at, turn=0.0):
        self.slice, normal = one, one.normal
        lateral = np.array([1.0, 0.0, 0.0]) - normal * normal[0]
        lateral /= np.linalg.norm(lateral)
        posterior = np.cross(normal, lateral)
        step = lambda way: np.array(
            [way @ one.along_column / one.spacing[0], way @ one.along_row / one.spacing[1]]
        )
        lateral, posterior = step(lateral), step(posterior)
        cos, sin = np.cos(turn), np.sin(turn)
        self.lateral = lateral * cos - posterior * sin
        self.posterior = lateral * sin + posterior * cos
        self.origin = one.pixel(at)

    def pixel(self, left, back):
        return [
            self.origin[k] + left * self.lateral[k] + back * self.posterior[k] for k in (0, 1)
        ]

    def sample(self, left, back):
        """Intensities, NaN outside of the image."""
        at = np.broadcast_arrays(*self.pixel(np.asarray(left), np.asarray(back)))
        return map_coordinates(self.slice.pixels, at, order=1, cval=np.nan)


def quantile(values, q):
    values = np.asarray(values).ravel()
    return float(np.partition(values, int((values.size - 1) * q))[int((values.size - 1) * q)])


# The canal.

TURN = (np.arange(24) + 0.5) * 2 * np.pi / 24


def template(axes):
    """Offsets (left, back) of ring, wall and middle: `[24, 3]`, `[24, 3]`, `[24]` twice each."""
    cos, sin = np.cos(TURN)[:, None], np.sin(TURN)[:, None]
    x, y = axes[0] * cos, axes[1] * sin
    ring, wall = np.array([[0.72, 0.84, 0.96]]), np.array([[1.2, 2.2, 3.2]])
    return (ring * x, ring * y), (x + wall * cos, y + wall * sin), (0.2 * x[:, 0], 0.2 * y[:, 0])


TEMPLATES = [template(axes) for axes in SHAPES]


def ring_score(ring, wall, cord, bright):
    """How much places look like a sac; the first axes are directions and samples of each."""
    inside, outside, cord = ring.mean(1), wall.min(1), cord.mean(0)
    floor = 0.1 * bright + 1e-9
    contrast = (inside - outside) / (inside + outside + floor)
    mean = inside.mean(0)
    uneven = inside.std(0) / (mean + 1e-9)
    weakest = np.partition(contrast, 12, axis=0)[:12].mean(0)
    middle = np.clip((mean - cord) / (mean + floor), -0.5, 0.5)
    brightness = np.minimum(mean / (bright + 1e-9), 1.0)
    overall = contrast.mean(0)
    return weakest + 0.3 * overall - 0.3 * uneven + 0.35 * middle + 0.25 * brightness


def score_map(one, anchor, reach=44.0, step=2.0):
    """Scores of candidates `[back, left]`, and what is bright."""
    frame, half = Frame(one, anchor), int(reach + 20)
    offset = np.arange(-half, half + 1.0)
    shifts = [(a, b) for a in (-0.35, 0.35) for b in (-0.35, 0.35)]
    grid = sum(
        np.nan_to_num(frame.sample(offset[None, :] + left, offset[:, None] + back))
        for left, back in shifts
    )
    grid = grid.ravel() / 4
    bright, side = quantile(grid, 0.985), 2 * half + 1
    places = np.rint(np.arange(-reach, reach + 1, step)).astype(int) + half
    at = (places[:, None] * side + places[None, :]).ravel()
    best = np.full(at.size, -np.inf)
    away = lambda x: (np.sign(x) * np.floor(np.abs(x) + 0.5)).astype(int)
    for parts in TEMPLATES:
        steps = [away(back) * side + away(left) for left, back in parts]
        values = [grid[np.minimum(offsets[..., None] + at, grid.size - 1)] for offsets in steps]
        best = np.maximum(best, ring_score(*values, bright))
    return best.reshape(places.size, places.size), bright


def best_path(maps, gaps, step=2.0):
    """The path through the slices with the greatest sum of scores."""
    side, total, came = maps[0].shape[0], maps[0].copy(), []
    index = np.arange(side * side).reshape(side, side)
    for here, gap in zip(maps[1:], gaps):
        reach = int(np.ceil(min(0.6 * gap + 2.0, 9.0) / step))
        weight = 0.02 * step * step / max(gap, 2.0)
        padded = np.pad(total, reach, constant_values=-np.inf)
        where = np.pad(index, reach)
        best, source = np.full((side, side), -np.inf), np.zeros((side, side), int)
        for di in range(2 * reach + 1):
            for dj in range(2 * reach + 1):
                cost = weight * ((di - reach) ** 2 + (dj - reach) ** 2)
                value = padded[di : di + side, dj : dj + side] - cost
                better = value > best
                best[better] = value[better]
                source[better] = where[di : di + side, dj : dj + side][better]
        total = best + here
        came.append(source)
    at = int(total.argmax())
    path = [at]
    for source in reversed(came):
        at = int(source.ravel()[at])
        path.append(at)
    return [divmod(at, side) for at in reversed(path)]


def refine(frame, near, bright):
    """The best place and shape near a candidate: score, (left, back), half axes."""
    steps = 0.5 * np.arange(-4, 5)
    grid = np.meshgrid(near[1] + steps, near[0] + steps, indexing="ij")
    back, left = (part.ravel() for part in grid)
    best = (-np.inf, None, None)
    for axes, parts in zip(SHAPES, TEMPLATES):
        values = [
            np.nan_to_num(frame.sample(x[..., None] + left, y[..., None] + back))
            for x, y in parts
        ]
        scores = ring_score(*values, bright)
        k = int(scores.argmax())
        if scores[k] > best[0]:
            best = (scores[k], (left[k], back[k]), axes)
    return best


def track(slices, gaps):
    """The canal of each slice, `(place, half axes)`, or None."""
    middle = slices[len(slices) // 2]
    rows, columns = middle.pixels.shape
    anchor = middle.point((rows - 1) / 2, (columns - 1) / 2)
    maps = [score_map(one, anchor) for one in slices]
    path = best_path([scores for scores, _ in maps], gaps)
    found = []
    for one, (_, bright), (i, j) in zip(slices, maps, path):
        frame = Frame(one, anchor)
        score, at, axes = refine(frame, (2.0 * j - 44.0, 2.0 * i - 44.0), bright)
        found.append((one.point(*frame.pixel(*at)), axes) if score >= 0.25 else None)
    return found


# One half of a slice, unrolled around the canal.


def unrolled(frame, sign):
    radii = RADII[None, :]
    left, back = sign * radii * np.cos(ANGLES)[:, None], -radii * np.sin(ANGLES)[:, None]
    return np.nan_to_num(frame.sample(left, back))


def inside(sac):
    return 0.95 / np.hypot(np.cos(ANGLES) / sac[0], np.sin(ANGLES) / sac[1])


def roll(slices, canals):
    """The turn at which left and right are most alike, in radians."""
    total, steps = np.zeros(21), 10
    rows, columns = np.arange(20, 101), np.arange(12, 93, 3)
    for one, canal in zip(slices, canals):
        if canal is None:
            continue
        frame = Frame(one, canal[0])
        left, right = (unrolled(frame, sign)[:, columns] for sign in SIDES.values())
        for turn in range(21):
            a, b = left[rows + steps - turn].ravel(), right[rows + turn - steps].ravel()
            a, b = a - a.mean(), b - b.mean()
            spread = np.sqrt((a * a).mean() * (b * b).mean())
            total[turn] += (a * b).mean() / spread if spread > 0 else 0.0
    return np.radians((int(total.argmax()) - steps) * 1.5)


def soft_tissue(half, sac):
    near = inside(sac)[:, None] + 1.5
    beside = half[(RADII[None, :] >= near) & (RADII[None, :] < 21.0)]
    return quantile(beside, 0.75) if beside.size else 0.0


def levels(half, sac, tissue):
    """Fluid, bone and soft tissue."""
    inner, outer = int(max((sac[1] * 0.75 - 3.0) / 0.25, 0)), min(int((sac[0] - 3.0) / 0.25), 93)
    fluid, dark = quantile(half[:, inner:outer], 0.75), quantile(half[:, :60], 0.01)
    return fluid, dark, min(max(tissue, dark + 0.2 * (fluid - dark)), max(fluid, dark))


def openness(values, known, star):
    fluid, dark, tissue = known
    scale, (low, high) = (tissue - dark, (0.2, 0.6)) if star else (fluid - dark, (0.12, 0.42))
    return np.clip(((values - dark) / scale - low) / (high - low), 0.0, 1.0)


def cheapest_wall(opened, sac, expected):
    """Radius index at each angle of the wall that crosses the least open tissue."""
    towards, far = np.degrees(np.arctan2(-expected[1], expected[0])), np.hypot(*expected)
    sector = np.maximum(
        1.0 - np.maximum(np.abs(np.degrees(ANGLES) - towards) - 13.0, 0.0) / 30.0, 0.1
    )
    off = 1.0 + ((RADII - far) / 5.0) ** 2
    allowed = (RADII[None, :] >= inside(sac)[:, None]) & (RADII[None, :] <= 21.0)
    cost = np.where(allowed[0], 0.0, np.inf)
    came = np.zeros((121, 93), int)
    shifts = np.arange(-4, 5)
    index = np.arange(93)[None, :] + shifts[:, None]
    outside, index = (index < 0) | (index > 92), np.clip(index, 0, 92)
    length = np.hypot(RADII * np.radians(1.5), shifts[:, None] * 0.25)
    for i in range(1, 121):
        middle = (opened[i - 1][index] + opened[i]) / 2
        value = cost[index] + (middle * sector[i] * off + 0.06) * length
        value[outside] = np.inf
        k = value.argmin(0)
        came[i] = np.take_along_axis(index, k[None], 0)[0]
        cost = np.where(allowed[i], np.take_along_axis(value, k[None], 0)[0], np.inf)
    if not np.isfinite(cost.min()):
        return None, sector
    wall = np.empty(121, int)
    wall[-1] = cost.argmin()
    for i in range(120, 0, -1):
        wall[i - 1] = came[i][wall[i]]
    return wall, sector


def opening(places, opened, weight):
    """First and last place of the opening in a wall."""
    best, i, n = None, 0, len(opened)
    while i < n:
        if opened[i] <= 0.5 or weight[i] < 0.83:
            i += 1
            continue
        last, amount, k = i, 0.0, i + 1
        while k < n and weight[k] >= 0.83 and np.hypot(*(places[last] - places[k])) <= 2.2:
            amount += opened[k] * weight[k] ** 3 * np.hypot(*(places[k - 1] - places[k]))
            last = k if opened[k] > 0.3 else last
            k += 1
        if best is None or amount > best[2]:
            best = (i, last, amount)
        i = last + 1
    return best and (places[best[0]], places[best[1]])


def open_way(opened, sac, expected):
    """Places of the way from the sac to the outside that crosses the least bone."""
    towards = np.degrees(np.arctan2(-expected[1], expected[0]))
    sector = np.abs(np.degrees(ANGLES) - towards) <= 22.0
    near, end = inside(sac), 64
    shifts = np.arange(-2, 3)
    index = np.arange(121)[None, :] + shifts[:, None]
    beyond, index = (index < 0) | (index > 120), np.clip(index, 0, 120)
    cost, came = np.full(121, np.inf), np.zeros((end, 121), int)
    for j in range(end):
        step = np.hypot(RADII[j] * np.radians(1.5) * shifts, 0.25)[:, None]
        value = cost[index] + (1.0 - opened[:, j] + 0.02) * step
        value[beyond] = np.inf
        k = value.argmin(0)
        least = np.take_along_axis(value, k[None], 0)[0]
        came[j] = np.take_along_axis(index, k[None], 0)[0]
        starts = RADII[j] <= near
        came[j][starts] = np.flatnonzero(starts)
        cost = np.where(sector, np.where(starts, 0.0, least), np.inf)
    i = int(cost.argmin())
    if not np.isfinite(cost[i]):
        return None
    places = []
    for j in range(end - 1, 0, -1):
        if RADII[j] <= near[i]:
            break
        places.append((RADII[j] * np.cos(ANGLES[i]), -RADII[j] * np.sin(ANGLES[i])))
        i = came[j][i]
    return np.array(places[::-1]).reshape(-1, 2)


def shortest_chord(frame, sign, way, known, expected):
    """Both ends of the shortest chord across a way between walls of 2 mm."""
    places = way[4:]
    places = places[np.hypot(*places.T) <= 17.0]
    if not len(places):
        return None
    degrees = np.radians(np.arange(15, 86, 5))
    across = np.stack([np.sin(degrees), np.cos(degrees)], 1)
    ends = []
    for towards in (-1.0, 1.0):
        mm = towards * 0.25 * np.arange(48)
        at = places[:, None, None, :] + mm[None, None, :, None] * across[None, :, None, :]
        values = frame.sample(sign * at[..., 0], at[..., 1])
        dark = 1.0 - np.where(np.isnan(values), 0.0, openness(values, known, True))
        thick = np.lib.stride_tricks.sliding_window_view(dark, 8, axis=2).sum(3)[:, :, :40]
        is_wall = (dark[:, :, :40] > 0.5) & (thick > 0.6 * 8)
        is_wall[:, :, 0] = False
        ends.append(np.where(is_wall.any(2), towards * 0.25 * is_wall.argmax(2), np.nan))
    front, back = ends
    stray = 0.06 * ((places - np.array(expected)) ** 2).sum(1)[:, None]
    rank = np.where(np.isnan(front + back), np.inf, back - front + stray)
    p, d = np.unravel_index(rank.argmin(), rank.shape)
    if not np.isfinite(rank[p, d]):
        return None
    return places[p] + front[p, d] * across[d], places[p] + back[p, d] * across[d]


def wall_line(frame, sign, axes, known, star, half, towards):
    """Distance across the channel and height of the edge at 21 places along one wall."""
    middle, across = axes
    fluid, dark, tissue = known
    scale = (tissue if star else fluid) - dark
    n, margin = int((half + 1.75) / 0.125) + 1, 8
    deep = 24 if star else margin
    along = (np.arange(21) - 10.0) * 0.25
    reach = (np.arange(margin + n + deep) - margin) * 0.125
    mm = towards * reach
    outward = middle[0] + along[:, None] * across[1] + mm * across[0]
    back = middle[1] - along[:, None] * across[0] + mm * across[1]
    values = frame.sample(sign * outward, back)
    if np.isnan(values).any():
        return None
    values = (values - dark) / scale
    k = np.arange(margin, margin + n)
    away = reach[k] - half
    if star:
        within, beyond = np.minimum(values[:, k - 4], 1.0), np.minimum(values[:, k + 4], 1.0)
        centre = (within + beyond) / 2
        before = np.where(
            np.arange(margin, margin + n)[None, None, :] < k[None, :, None],
            np.maximum(centre[:, :, None] - values[:, None, margin : margin + n], 0.0),
            0.0,
        ).sum(2)
        window = np.lib.stride_tricks.sliding_window_view(values, deep, axis=1)[:, k]
        after = np.maximum(window - centre[:, :, None], 0.0).sum(2)
        cost = 0.006 * away**2 + 0.025 * reach[k] + 0.5 * 0.125 * (before + after)
        cost = cost - (within - beyond)
        bend = 0.01
    else:
        within, beyond = np.minimum(values[:, k - 4], 0.8), np.minimum(values[:, k + 4], 0.8)
        rise = within - beyond - 0.5 * np.maximum(beyond - 0.2, 0.0)
        cost = 0.012 * away**2 + (0.07 if towards < 0 else 0.03) * reach[k] - rise
        bend = 0.02
    shifts = np.arange(-3, 4)
    index = np.arange(n)[None, :] + shifts[:, None]
    outside, index = (index < 0) | (index >= n), np.clip(index, 0, n - 1)
    total, came = cost[0], np.zeros((21, n), int)
    for i in range(1, 21):
        value = total[index] + bend * np.abs(shifts)[:, None]
        value[outside] = np.inf
        best = value.argmin(0)
        came[i] = np.take_along_axis(index, best[None], 0)[0]
        total = np.take_along_axis(value, best[None], 0)[0] + cost[i]
    at, line = int(total.argmin()), np.empty((21, 2))
    face = 6 if star else margin
    for i in range(20, -1, -1):
        place, height = half_intensity(values[i], margin + at, margin, face)
        line[i] = towards * (place - margin) * 0.125, height
        at = came[i][at]
    padded = np.vstack([np.full((1, 2), np.nan), line, np.full((1, 2), np.nan)])
    return np.nanmean([padded[:-2], padded[1:-1], padded[2:]], axis=0)


def half_intensity(row, k, reach, face):
    inside_wall, outside = row[k - reach : k + 1].max(), row[k : k + face + 1].min()
    half = (inside_wall + outside) / 2
    span = np.arange(k - reach, min(k + reach, row.size - 1))
    crossing = span[(row[span] >= half) & (row[span + 1] < half)]
    if not crossing.size:
        return float(k), inside_wall - outside
    a = crossing[np.abs(crossing - k).argmin()]
    return a + (row[a] - half) / (row[a] - row[a + 1]), inside_wall - outside


def narrowest(frame, sign, ends, known, star):
    """Width, edge and both ends of the least distance between two walls, or None."""
    front, back = ends
    typical = np.radians(50.0)
    across = back - front + np.array([np.sin(typical), np.cos(typical)])
    across /= max(np.hypot(*across), 1e-9)
    middle, half = (front + back) / 2, np.hypot(*(back - front)) / 2
    lines = [
        wall_line(frame, sign, (middle, across), known, star, half, towards)
        for towards in (-1.0, 1.0)
    ]
    if lines[0] is None or lines[1] is None:
        return None
    along = ((np.arange(21) - 10.0) * 0.25)[:, None]
    places, usable = [], []
    for line in lines:
        places.append(middle + along * [across[1], -across[0]] + line[:, :1] * across)
        usable.append(line[:, 1] >= 0.5 * np.sort(line[:, 1])[21 * 3 // 4])
    width = np.hypot(*(places[0][:, None] - places[1][None, :]).transpose(2, 0, 1))
    index = np.arange(21)
    stray = ((index[:, None] + index[None, :]) / 2 - 10.0) * 0.25
    rank = np.where(usable[0][:, None] & usable[1][None, :], width + 0.1 * stray**2, np.inf)
    i, k = np.unravel_index(rank.argmin(), rank.shape)
    if not np.isfinite(rank[i, k]):
        return None
    edge = min(lines[0][i, 1], lines[1][k, 1])
    return width[i, k], edge, places[0][i], places[1][k]


def look(frame, half, sign, sac, tissue, star, expected):
    known = levels(half, sac, tissue)
    opened = openness(half, known, star)
    if star:
        way = open_way(opened, sac, expected)
        ends = None if way is None else shortest_chord(frame, sign, way, known, expected)
    else:
        wall, weight = cheapest_wall(opened, sac, expected)
        if wall is None:
            return None
        radius = RADII[wall]
        places = np.stack([radius * np.cos(ANGLES), -radius * np.sin(ANGLES)], 1)
        ends = opening(places, opened[np.arange(121), wall], weight)
    return None if ends is None else narrowest(frame, sign, ends, known, star)


def measure(slices, star):
    """For each slice, from the feet to the head, `{side: (width, edge, middle)}`."""
    positions = np.array([one.origin @ slices[0].normal for one in slices])
    canals = track(slices, np.abs(np.diff(positions)))
    turn = roll(slices, canals)
    views = []
    for one, canal in zip(slices, canals):
        if canal is not None:
            frame = Frame(one, canal[0], turn)
            views.append((frame, canal[1], {s: unrolled(frame, sign) for s, sign in SIDES.items()}))
        else:
            views.append(None)
    seen = [view for view in views if view is not None]
    tissues = sorted(soft_tissue(half, sac) for _, sac, halves in seen for half in halves.values())
    tissue = tissues[len(tissues) // 2] if tissues else 0.0

    def looks(view, expected):
        frame, sac, halves = view
        return {
            side: look(frame, half, SIDES[side], sac, tissue, star, expected)
            for side, half in halves.items()
        }

    places = [TYPICAL] * 3
    for view in seen:
        for found in looks(view, TYPICAL).values():
            if found is not None and found[1] > 0.3:
                places.append(tuple((found[2] + found[3]) / 2))
    expected = tuple(sorted(place[k] for place in places)[len(places) // 2] for k in (0, 1))
    return [{} if view is None else looks(view, expected) for view in views]
