mod chain;
mod column;
mod cord;
mod midplane;
mod sheet;

use chain::{Chain, MOST as FARTHEST, best_chain, peaks};
use column::{Column, STEP, samples};
use foramen_image::Stack;
use foramen_types::{Level, Point, Vector};
use midplane::Midplane;
use sheet::Sheet;
pub(crate) use sheet::blur_profile;
use thiserror::Error;

/// Shares of an average disc's response: below the first a place is no disc, below the second it
/// may be none.
const NO_DISC: f64 = 0.25;
const SURE_DISC: f64 = 0.45;

/// How much of C2 and its dens must be visible above C2/3, millimetres: more than the longest
/// distance between two discs.
const DENS: f64 = 28.0;

/// Heights above C2/3 at which the column is the dens, and no longer the body of C2, millimetres.
const DENS_HEIGHTS: (f64, f64) = (14.0, 26.0);

/// The least unevenness of the column at the dens: bodies reach up to 0.07, including noise.
const DENS_UNEVEN: f64 = 0.09;

/// Fewer discs in a row than this cannot be identified.
const FEWEST: usize = 4;

/// Greatest distance of a named disc from the found disc, millimetres: less than half of the
/// shortest distance between two discs.
const HINT_REACH: f64 = 8.0;

/// A cervical disc found on a sagittal series.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Disc {
    /// The level.
    pub level: Level,
    /// Its centre in the midline, LPS millimetres.
    pub centre: Point,
    /// Its normal towards the head, length 1.
    pub normal: Vector,
    /// Confidence in its position and number, 0 to 1.
    pub confidence: f64,
}

/// Why no discs are returned. A wrong number would send every later step to the wrong foramen, so
/// doubt is a refusal.
#[derive(Debug, Clone, PartialEq, Error)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum DiscRefusal {
    /// The slices do not run along the midline of the body.
    #[error("the stack is not sagittal; give the sagittal T2 series")]
    NotSagittal,
    /// No bright band of fluid runs down the image.
    #[error("no spinal canal was found on the sagittal series")]
    NoCanal,
    /// Fewer than three discs could be distinguished from the vertebrae.
    #[error("only {found} discs were found in front of the canal")]
    TooFewDiscs {
        /// How many were found.
        found: usize,
    },
    /// The picture ends before the dens, so there is nothing to count from.
    #[error(
        "the picture ends {above_mm:.0} mm above the uppermost disc found, too soon to tell C2/3 \
         from the others; name one disc"
    )]
    NoDens {
        /// Millimetres from the uppermost disc to the end of the picture.
        above_mm: f64,
    },
    /// The column above the uppermost disc continues as below it: that disc may not be C2/3, since
    /// two vertebrae may be fused.
    #[error("no dens was seen above the uppermost disc found; name one disc")]
    DensNotSeen,
    /// Two ways of numbering the discs fit the image about equally well.
    #[error("the discs could be numbered in two ways; name one disc")]
    Ambiguous,
    /// The disc named by the caller is not near any disc found.
    #[error("no disc was found within {distance_mm:.0} mm of the place given for {level}")]
    HintMissed {
        /// The level that was named.
        level: Level,
        /// Distance of the nearest disc found, millimetres.
        distance_mm: f64,
    },
}

/// Options for finding discs.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DiscOptions {
    /// A disc with known position, from which the others are counted. Default: none, so that the
    /// count starts from the dens.
    pub hint: Option<(Level, Point)>,
}

impl DiscOptions {
    /// Counts from a disc whose position is known to within about half a vertebra.
    #[must_use]
    pub fn with_hint(mut self, level: Level, place: Point) -> Self {
        self.hint = Some((level, place));
        self
    }
}

/// Finds and numbers the cervical discs on a sagittal T2 stack, from C2/3 down.
///
/// The cord between two bands of fluid is tracked from the top of the picture to the bottom; the
/// column is straightened along it. A disc is a place where both endplates are darker than the
/// marrow beyond them; discs have even distances. C2/3 is the disc with no other disc above it over
/// the height of C2 and its dens. Discs below C7/T1 are not returned; the visible discs need not
/// reach that far.
///
/// # Errors
/// [`DiscRefusal`] when discs or their numbers are not certain.
pub fn find_discs(sagittal: &Stack, options: &DiscOptions) -> Result<Vec<Disc>, DiscRefusal> {
    let sheet = Sheet::new(sagittal).ok_or(DiscRefusal::NotSagittal)?;
    let Found { slice, column, chain } = find_chain(&sheet).ok_or(DiscRefusal::NoCanal)?;
    let fewest = if options.hint.is_some() { 1 } else { FEWEST };
    if chain.discs.len() < fewest {
        return Err(DiscRefusal::TooFewDiscs { found: chain.discs.len() });
    }
    let middle = median(chain.discs.iter().map(|&at| column.response[at]));
    let chain = without_doubtful_ends(&chain, &column, middle);
    let midplane = Midplane::new(&sheet, slice, &column.curve);
    let front = column.body_middle(&chain);
    let centre = |at: usize| {
        let (down, back) = column.curve.in_front(at, front);
        sheet.point(down, back, midplane.at(at))
    };
    let (first, certainty) = match options.hint {
        None => (0, count_from_dens(&chain, &column, middle, front)?),
        Some((level, place)) => {
            let distances = chain.iter().map(|&at| centre(at).distance(place));
            let (nearest, distance_mm) = distances
                .enumerate()
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .ok_or(DiscRefusal::TooFewDiscs { found: 0 })?;
            if distance_mm > HINT_REACH {
                return Err(DiscRefusal::HintMissed { level, distance_mm });
            }
            (level.index().cast_signed() - nearest.cast_signed(), 1.0)
        }
    };
    let numbered = chain.iter().enumerate().filter_map(|(n, &at)| {
        let index = usize::try_from(first + n.cast_signed()).ok()?;
        let level = *Level::ALL.get(index)?;
        let confidence = (column.response[at] / middle).min(1.0) * certainty;
        Some(Disc {
            level,
            centre: centre(at),
            normal: column.normal(&sheet, &chain, n),
            confidence,
        })
    });
    Ok(numbered.collect())
}

/// A column with its chain of discs, and the slice on which it was found.
struct Found {
    slice: usize,
    column: Column,
    chain: Chain,
}

/// The canal with the best chain of discs in front of it. Other dark bands between bright ones run
/// down the neck, but none has discs in front of it.
fn find_chain(sheet: &Sheet<'_>) -> Option<Found> {
    let positions = &sheet.positions;
    let (first, last) = (positions[0], positions[positions.len() - 1]);
    let quarter = 0.25 * (last - first);
    // The middle half of the stack, at least 2.5 mm apart.
    let mut slices: Vec<usize> = Vec::new();
    for (slice, position) in positions.iter().enumerate() {
        let apart = slices.last().is_none_or(|before| position - positions[*before] >= 2.5);
        if apart && *position >= first + quarter - 1.0 && *position <= last - quarter + 1.0 {
            slices.push(slice);
        }
    }
    let mut best: Option<(f64, Found)> = None;
    for slice in slices {
        for path in cord::paths(sheet, slice, 3) {
            let column = Column::new(sheet, slice, &path);
            let chain = best_chain(&column.response);
            let score = chain.score + 2.0 * path.score;
            if !chain.discs.is_empty() && best.as_ref().is_none_or(|(other, _)| score > *other) {
                best = Some((score, Found { slice, column, chain }));
            }
        }
    }
    best.map(|(_, found)| found)
}

/// The chain without discs at its ends whose response is too weak.
fn without_doubtful_ends(chain: &Chain, column: &Column, middle: f64) -> Vec<usize> {
    let sure = |at: &&usize| column.response[**at] >= SURE_DISC * middle;
    let from = chain.discs.iter().position(|at| sure(&at)).unwrap_or(0);
    let to = chain.discs.iter().rposition(|at| sure(&at)).map_or(0, |last| last + 1);
    chain.discs[from..to].to_vec()
}

/// The certainty that the uppermost disc is C2/3, 0 to 1.
fn count_from_dens(
    chain: &[usize],
    column: &Column,
    middle: f64,
    front: f64,
) -> Result<f64, DiscRefusal> {
    let &top = chain.first().ok_or(DiscRefusal::TooFewDiscs { found: 0 })?;
    if chain.len() < FEWEST {
        return Err(DiscRefusal::TooFewDiscs { found: chain.len() });
    }
    let seen = column.response[..top].iter().rev().take_while(|value| !value.is_nan()).count();
    let above_mm = seen as f64 * STEP;
    if above_mm < DENS {
        return Err(DiscRefusal::NoDens { above_mm });
    }
    // The solid height of C2 is bone: its marrow is about as bright as that of
    // the vertebrae below.
    let below = median(column.marrow[top..].iter().copied());
    let c2 = median(column.marrow[..top].iter().rev().take(samples(DENS)).copied());
    if c2 < 0.4 * below {
        return Err(DiscRefusal::NoDens { above_mm });
    }
    // Farther up the atlas in front of the dens, and the fat above its tip, may
    // look like discs.
    let strongest = peaks(&column.response[..top], 0.0)
        .into_iter()
        .filter(|&at| (samples(6.0)..=samples(FARTHEST)).contains(&(top - at)))
        .map(|at| column.response[at] / middle)
        .fold(0.0, f64::max);
    if strongest > NO_DISC {
        return Err(DiscRefusal::Ambiguous);
    }
    let dens = dens(chain, column, front);
    if dens < 1.0 {
        return Err(DiscRefusal::DensNotSeen);
    }
    Ok((1.0 - strongest) * (0.5 * dens).min(1.0))
}

/// How clearly the column above the uppermost disc narrows to the dens, with the atlas in front of
/// it; 1 is just enough. Above any other disc there is a vertebral body, or two fused ones.
fn dens(chain: &[usize], column: &Column, front: f64) -> f64 {
    let uneven = column.unevenness(front);
    let most = |from: usize, to: usize| uneven[from..=to].iter().copied().fold(0.0, f64::max);
    let (low, high) = DENS_HEIGHTS;
    let above = most(chain[0] - samples(high), chain[0] - samples(low));
    let bodies = median(chain.windows(2).map(|pair| {
        let middle = usize::midpoint(pair[0], pair[1]);
        most(middle - samples(2.0), middle + samples(2.0))
    }));
    above / DENS_UNEVEN.max(2.5 * bodies)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
