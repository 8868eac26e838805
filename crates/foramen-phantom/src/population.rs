use foramen_types::{Level, Side};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Normal};

use crate::channel::{Cause, Channel};
use crate::cortex::Cortex;
use crate::frame::Frame;
use crate::neck::Neck;
use crate::perineural::Perineural;
use crate::seed::{Purpose, stream};
use crate::soft_parts::SoftParts;
use crate::spine::Spine;

/// Mean and standard deviation of the width of asymptomatic foramina on axial
/// T2, C2/3 to C7/T1, millimetres (Bentham 2024,
/// 10.2174/0115734056266400231106054026).
const WIDTH: [(f64, f64); 6] =
    [(4.18, 1.44), (2.96, 1.23), (3.02, 1.19), (3.15, 1.33), (3.53, 1.36), (3.93, 1.34)];

/// The same of the nerve roots C3 to C8.
const ROOT: [(f64, f64); 6] =
    [(3.11, 0.87), (2.95, 0.77), (2.56, 0.73), (2.26, 0.76), (2.56, 0.82), (3.83, 0.86)];

/// How often each level from C3/4 to C7/T1 is treated: C6 and C7 roots are most frequent.
const TREATED: [(Level, f64); 5] = [
    (Level::C3C4, 0.06),
    (Level::C4C5, 0.18),
    (Level::C5C6, 0.36),
    (Level::C6C7, 0.30),
    (Level::C7T1, 0.10),
];

/// The treated foramen and its narrowing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Complaint {
    pub level: Level,
    pub side: Side,
    pub cause: Cause,
    /// Narrowest width, millimetres.
    pub waist: f64,
}

impl Complaint {
    /// The width as a z-score relative to asymptomatic foramina of the level.
    pub(crate) fn width_z(&self) -> f64 {
        let (mean, deviation) = WIDTH[self.level.index()];
        (self.waist - mean) / deviation
    }

    pub(crate) fn draw(seed: u64, subject: usize) -> Self {
        let mut rng = stream(seed, subject, Purpose::Case, 0);
        let mut at: f64 = rng.random_range(0.0..1.0);
        let mut level = Level::C5C6;
        for (candidate, share) in TREATED {
            level = candidate;
            at -= share;
            if at < 0.0 {
                break;
            }
        }
        let side = if rng.random_bool(0.5) { Side::Left } else { Side::Right };
        let cause = if rng.random_bool(0.55) { Cause::Bony } else { Cause::SoftDisc };
        let (mean, deviation) = WIDTH[level.index()];
        // Foramina that are treated are about one deviation narrower, some shut.
        let waist = (mean - 0.95 * deviation + 0.85 * deviation * normal(&mut rng)).max(0.0);
        let waist = if waist < 0.25 { 0.0 } else { waist.min(7.0) };
        Self { level, side, cause, waist }
    }
}

impl Spine {
    /// The spine of a subject with a complaint: every foramen is simulated independently.
    pub(crate) fn draw(seed: u64, subject: usize, complaint: &Complaint) -> Self {
        let mut rng = stream(seed, subject, Purpose::Spine, 0);
        let pitch = rng.random_range(15.8..18.2);
        let mut w = 2.5 * pitch;
        let mut discs = Vec::new();
        let mut disc_heights = Vec::new();
        for index in 0..9 {
            discs.push(w);
            w -= pitch * rng.random_range(0.96..1.04) * (1.0 + 0.025 * f64::from(index));
            disc_heights.push((rng.random_range(1.9..2.9), rng.random_range(0.0..1.0)));
        }
        let body = (rng.random_range(10.2..11.6), rng.random_range(15.5..18.0));
        let sac = (rng.random_range(9.0..10.8), rng.random_range(5.2..6.4));
        let cord = (rng.random_range(5.8..6.9), rng.random_range(3.4..4.2));
        let arteries = [0, 1].map(|_| rng.random_range(1.3..2.5));
        let facets = (0..6).map(|_| [0, 1].map(|_| rng.random_range(-1.5..1.5))).collect();
        let channels = Level::ALL
            .into_iter()
            .map(|level| {
                Side::BOTH.map(|side| {
                    let part = 2 * level.index() as u64 + u64::from(side == Side::Right);
                    let mut rng = stream(seed, subject, Purpose::Spine, 1 + part);
                    let treated = (level == complaint.level && side == complaint.side)
                        .then_some((complaint.waist, complaint.cause));
                    Channel::draw(&mut rng, level, side, discs[level.index()], treated)
                })
            })
            .collect();
        let neck = Neck::draw(&mut stream(seed, subject, Purpose::Neck, 0));
        let frame = Frame::draw(&mut stream(seed, subject, Purpose::Pose, 0), pitch);
        let soft = SoftParts { discs, disc_heights, channels, sac, cord, arteries };
        let (cortex, pedicles) = (Cortex::EVEN, None);
        Self { frame, soft, body, facets, neck, cortex, pedicles, specimen: None }
    }

    /// The same spine with cortex and pedicles as published, and with foramina at realistic
    /// heights: about the disc or some millimetres above it.
    pub(crate) fn with_published_bone(mut self, seed: u64, subject: usize) -> Self {
        let mut rng = stream(seed, subject, Purpose::Variety, 1000);
        self.cortex = Cortex::draw(&mut rng);
        self.pedicles = Some(0.8 * normal(&mut rng));
        let of_neck = ABOVE_DISC.0 + ABOVE_DISC.1 * normal(&mut rng);
        for level in &mut self.soft.channels {
            let above = of_neck + ABOVE_DISC.2 * normal(&mut rng);
            for channel in level {
                channel.height += above;
            }
        }
        self
    }

    /// The treated foramen.
    pub(crate) fn treated(&self, complaint: &Complaint) -> &Channel {
        let side = usize::from(complaint.side == Side::Right);
        &self.soft.channels[complaint.level.index()][side]
    }

    /// The same spine with fat and roots that differ between foramina.
    pub(crate) fn with_perineural(mut self, seed: u64, subject: usize) -> Self {
        for channel in self.soft.channels.iter_mut().flatten() {
            let (level, side) = (channel.level, channel.side);
            channel.perineural = Some(Perineural::draw(seed, subject, level, side));
        }
        self
    }

    /// The same spine in the pose of another examination.
    pub(crate) fn lying(mut self, seed: u64, subject: usize) -> Self {
        let pitch = self.soft.discs[0] / 2.5;
        self.frame = Frame::draw(&mut stream(seed, subject, Purpose::Pose, 0), pitch);
        self
    }
}

impl Frame {
    fn draw(rng: &mut impl Rng, pitch: f64) -> Self {
        // Lordosis of −5° to 35° between the outer discs.
        let lordosis = rng.random_range(-5.0_f64..35.0).to_radians();
        let mut angle = |reach: f64| rng.random_range(-reach..reach).to_radians();
        let (nod, tilt, turn) = (angle(8.0), angle(5.0), angle(15.0));
        let mut shift = |reach: f64| rng.random_range(-reach..reach);
        let shift = [shift(15.0), shift(15.0), shift(120.0)];
        Self::new(lordosis / (5.0 * pitch), nod, tilt, turn, shift)
    }
}

/// Height of foramina above the planes of their discs, in millimetres: the mean over people, and
/// the standard deviations of the mean of a neck and of a level about that of its neck. Around
/// the vertebrae of two people the levels lie from 1.2 below to 3.5 above.
const ABOVE_DISC: (f64, f64, f64) = (2.0, 1.2, 0.8);

impl Channel {
    fn draw(
        rng: &mut impl Rng,
        level: Level,
        side: Side,
        height: f64,
        treated: Option<(f64, Cause)>,
    ) -> Self {
        let (mean, deviation) = WIDTH[level.index()];
        let share = level.index() as f64 / 5.0;
        // The axis turns outwards from 45° at the top to 56° at the bottom.
        let angle = (45.0 + 11.0 * share + rng.random_range(-2.5..2.5)).to_radians();
        let fall = rng.random_range(10.0_f64..15.0).to_radians().tan();
        let any = if rng.random_bool(0.6) { Cause::Bony } else { Cause::SoftDisc };
        let drawn = (mean + deviation * normal(rng)).clamp(0.8, 7.0);
        let (waist, cause) = treated.unwrap_or((drawn, any));
        // A narrow foramen has lost what something else now fills.
        let lost = rng.random_range(0.15..0.7) + 0.6 * (mean + 0.4 - waist).max(0.0);
        let roof = rng.random_range(4.0..5.1);
        let floor = -rng.random_range(4.0..5.1);
        let (root_mean, root_deviation) = ROOT[level.index()];
        let root = 0.5 * (root_mean + root_deviation * normal(rng)).clamp(1.2, 5.0);
        Self {
            level,
            side,
            height,
            centre: (rng.random_range(12.2..13.2) + 0.8 * share, rng.random_range(-6.7..-5.7)),
            axis: (angle.sin(), -angle.cos()),
            fall,
            clear: waist + lost,
            narrow_at: rng.random_range(-2.8..2.8),
            growth: (rng.random_range(0.03..0.11), rng.random_range(0.03..0.11)),
            encroachment: lost,
            front_share: if cause == Cause::SoftDisc { 1.0 } else { rng.random_range(0.55..0.8) },
            spread: rng.random_range(2.2..3.6),
            cause,
            roof,
            floor,
            radii: (rng.random_range(4.2..5.2), rng.random_range(6.0..7.5)),
            root,
            root_at: rng.random_range(-2.0..-0.5),
            perineural: None,
        }
    }
}

fn normal(rng: &mut impl Rng) -> f64 {
    Normal::new(0.0, 1.0).expect("a deviation of 1 is valid").sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn correlation(pairs: &[(f64, f64)]) -> f64 {
        let n = pairs.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let (a, b) = (mean(|p| p.0), mean(|p| p.1));
        let sum =
            |f: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|p| f(p.0 - a, p.1 - b)).sum::<f64>();
        sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
    }

    #[test]
    fn left_and_right_are_independent() {
        let pairs: Vec<(f64, f64)> = (0..800)
            .map(|subject| {
                let spine = Spine::draw(5, subject, &Complaint::draw(5, subject));
                let [left, right] = &spine.soft.channels[0];
                (left.clear - left.encroachment, right.clear - right.encroachment)
            })
            .collect();
        // Three standard errors of a correlation of nothing.
        assert!(correlation(&pairs).abs() < 3.0 / 800f64.sqrt());
    }

    #[test]
    fn untreated_foramina_are_as_wide_with_published_bone() {
        // C2/3 is never treated: 4.18 ± 1.44 mm, cut off at 0.8 and 7 mm.
        let widths: Vec<f64> = (0..1000)
            .map(|subject| {
                let spine = Spine::draw(6, subject, &Complaint::draw(6, subject));
                spine.soft.channels[0][0].clear - spine.soft.channels[0][0].encroachment
            })
            .collect();
        let mean = widths.iter().sum::<f64>() / 1000.0;
        let variance = widths.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / 999.0;
        assert!((mean - 4.18).abs() < 0.15, "{mean}");
        assert!((variance.sqrt() - 1.44).abs() < 0.12, "{}", variance.sqrt());
    }

    #[test]
    fn treated_foramina_are_narrower_and_some_are_shut() {
        let complaints: Vec<Complaint> = (0..2000).map(|i| Complaint::draw(7, i)).collect();
        let mean = complaints.iter().map(Complaint::width_z).sum::<f64>() / 2000.0;
        let shut = complaints.iter().filter(|complaint| complaint.waist == 0.0).count();
        assert!((-1.1..-0.7).contains(&mean), "{mean}");
        assert!((20..300).contains(&shut), "{shut}");
    }
}
