use rand::{Rng, RngExt};

use crate::frame::Local;
use crate::shape::{capsule, circle, ellipse};
use crate::tissue::Tissue;

/// The muscles of one side, as ellipses in the plane: centre `(u, v)`, half axes and the angle of
/// the first axis from `u` towards the back, degrees. A plane of fat separates adjacent muscles.
const MUSCLES: [[f64; 5]; 19] = [
    [7.5, 20.0, 5.0, 6.5, 0.0],      // multifidus
    [8.0, 30.0, 5.5, 7.0, 0.0],      // semispinalis of the neck
    [18.0, 27.0, 6.0, 11.0, 20.0],   // semispinalis of the head
    [17.0, 12.0, 6.0, 5.0, 0.0],     // rotators beside the facets
    [27.0, 16.0, 6.0, 9.0, 20.0],    // longissimus
    [29.0, 31.0, 6.0, 13.0, 45.0],   // splenius
    [18.0, 44.0, 20.0, 4.0, -18.0],  // trapezius
    [38.0, 13.0, 7.0, 11.0, 15.0],   // levator of the scapula
    [50.0, 20.0, 7.0, 16.0, 25.0],   // side of the trapezius
    [29.0, -2.0, 6.0, 7.0, 0.0],     // middle scalene
    [24.0, -14.0, 5.0, 5.0, 0.0],    // anterior scalene
    [7.5, -26.5, 6.5, 3.2, 0.0],     // long muscle of the neck
    [43.0, -18.0, 7.0, 15.0, -30.0], // sternocleidomastoid
    [13.0, -51.0, 10.0, 3.5, 20.0],  // strap muscles
    [27.0, -45.0, 9.0, 4.0, 35.0],   // omohyoid
    [16.0, -37.0, 4.0, 6.0, 10.0],   // thyroid gland, constrictor above
    [17.0, -24.0, 4.5, 3.5, -20.0],  // long muscle of the head
    [38.0, -4.0, 5.0, 6.0, 0.0],     // posterior scalene
    [12.0, 38.0, 7.0, 4.0, -10.0],   // rhomboid, serratus
];

/// The soft parts around the spine: skin, fat, muscles, airway, vessels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Neck {
    /// Half-width, and reach to the front and to the back, of the skin at mid neck.
    half_width: f64,
    front: f64,
    back: f64,
    /// Thickness of the fat under the skin.
    fat: f64,
    /// Muscles of the left and of the right: cosine and sine last.
    muscles: [[[f64; 6]; 19]; 2],
    airway: (f64, f64),
    /// Phases of the waves that bend the planes between muscles.
    waves: [f64; 4],
    carotid: [(f64, f64, f64); 2],
    jugular: [(f64, f64, f64); 2],
}

impl Neck {
    pub(crate) fn draw(rng: &mut impl Rng) -> Self {
        let size = rng.random_range(0.9..1.12);
        let mut about = |middle: f64, reach: f64| middle + rng.random_range(-reach..reach);
        let muscles = [0, 1].map(|_| {
            MUSCLES.map(|[u, v, a, b, angle]| {
                let radians = about(angle, 5.0).to_radians();
                [
                    about(u * size, 1.0),
                    about(v * size, 1.0),
                    a * about(1.0, 0.12),
                    b * about(1.0, 0.12),
                    radians.cos(),
                    radians.sin(),
                ]
            })
        });
        let vessel = |u: f64, v: f64, radius: f64| [(u, v, radius), (u, v, radius)];
        let mut moved = |pair: [(f64, f64, f64); 2]| {
            pair.map(|(u, v, r)| (about(u, 2.5), about(v, 2.5), r * about(1.0, 0.2)))
        };
        let carotid = moved(vessel(25.0, -31.0, 3.1));
        let jugular = moved(vessel(32.0, -25.0, 4.2));
        Self {
            half_width: 59.0 * size,
            front: 66.0 * size,
            back: 55.0 * size,
            fat: about(5.5, 2.5),
            muscles,
            waves: [0; 4].map(|_| about(0.0, 3.0)),
            airway: (about(8.0, 2.0), about(5.5, 1.5)),
            carotid,
            jugular,
        }
    }

    /// The tissue of a place outside the spine.
    pub(crate) fn tissue(&self, at: Local) -> Tissue {
        let Local { u, v, w } = at;
        // Shoulders below, the jaw and the back of the head above.
        let shoulder = (-22.0 - w).max(0.0);
        let head = (w - 40.0).max(0.0);
        let half = self.half_width + 1.1 * shoulder + 0.1 * head;
        let (front, back) = (self.front + 0.5 * head, self.back + 0.35 * shoulder + 0.5 * head);
        let reach = if v < 0.0 { front } else { back };
        // An oval a little squarer than an ellipse; the depth is exact at the skin
        // and soon behind it deep enough.
        let (x, y) = ((u / half).abs(), (v / reach).abs());
        let level = x * x * x.sqrt() + y * y * y.sqrt();
        let depth = (1.0 - level) / 2.5 * half.min(reach);
        if depth < 0.0 {
            return Tissue::Air;
        }
        if depth < 1.6 {
            return Tissue::Skin;
        }
        let fat = self.fat * if v > 0.0 { 1.0 + v / reach } else { 0.6 };
        if depth < fat {
            return Tissue::Fat;
        }
        if v < -17.0
            && let Some(tissue) = self.front_tissue(at)
        {
            return tissue;
        }
        if v > 12.0 && u.abs() < 1.1 {
            // The nuchal ligament.
            return if u.abs() < 0.6 { Tissue::Ligament } else { Tissue::Fat };
        }
        self.muscle(at)
    }

    fn front_tissue(&self, at: Local) -> Option<Tissue> {
        let Local { u, v, w } = at;
        let side = usize::from(u < 0.0);
        let a = u.abs();
        let (cu, cv, cr) = self.carotid[side];
        let carotid = circle(a, v, (cu, cv), cr);
        if carotid < 0.9 {
            return Some(if carotid < -0.2 { Tissue::Artery } else { Tissue::Muscle });
        }
        let (ju, jv, jr) = self.jugular[side];
        if ellipse(a, v, (ju, jv), (jr, 0.7 * jr)) < 0.0 {
            return Some(Tissue::Vein);
        }
        let airway = ellipse(u, v, (0.0, -45.0), self.airway);
        if airway < 2.2 {
            return Some(if airway < 0.0 { Tissue::Air } else { Tissue::Mucosa });
        }
        if ellipse(u, v, (0.0, -33.0), (7.5, 2.4)) < 0.0 {
            let lumen = ellipse(u, v, (0.0, -33.0), (4.0, 0.7)) < 0.0;
            return Some(if lumen { Tissue::Mucosa } else { Tissue::Muscle });
        }
        // The thyroid cartilage as a shield below, the tongue above.
        if w < 20.0 && capsule(a, v, (1.0, -58.0), (17.0, -38.0), 1.4) < 0.0 {
            return Some(Tissue::Cartilage);
        }
        if a < 12.0 && v < -37.0 && v > -53.0 {
            return Some(if w < -20.0 { Tissue::Mucosa } else { Tissue::Muscle });
        }
        None
    }

    /// Muscle, or the fat between two muscles: a point belongs to the ellipse in which it is
    /// deepest.
    fn muscle(&self, at: Local) -> Tissue {
        let [p, q, r, s] = self.waves;
        // Waves a few millimetres high make the planes between muscles curved,
        // and let the fat in them thin out and swell.
        let a = at.u.abs() + 1.3 * wave(at.v / 6.5 + p + 0.05 * at.w);
        let b = at.v + 1.3 * wave(at.u / 7.5 + q - 0.04 * at.w);
        let swell = 0.5 + 0.5 * wave(at.u / 9.0 + r) * wave(at.v / 11.0 + s + 0.03 * at.w);
        let (mut best, mut second) = (f64::INFINITY, f64::INFINITY);
        for [u, v, half_a, half_b, cosine, sine] in &self.muscles[usize::from(at.u < 0.0)] {
            let (du, dv) = (a - u, b - v);
            let x = (du * cosine + dv * sine) / half_a;
            let y = (dv * cosine - du * sine) / half_b;
            let depth = x * x + y * y;
            if depth < best {
                second = best;
                best = depth;
            } else if depth < second {
                second = depth;
            }
        }
        let seam = second - best;
        if best > 3.2 - swell {
            // Between the muscles in front: lobules of fat, small vessels.
            match swell {
                thin if thin < 0.3 => Tissue::Fat,
                thick if thick > 0.93 => Tissue::Vein,
                _ => Tissue::LooseFat,
            }
        } else if seam < 0.26 * swell * best.max(0.3) {
            Tissue::Fat
        } else {
            Tissue::Muscle
        }
    }
}

/// A sine approximated by parabolas, since it is called millions of times.
pub(crate) fn wave(angle: f64) -> f64 {
    let turn = angle * std::f64::consts::FRAC_1_PI;
    let part = turn - 2.0 * (0.5 * turn).floor() - 1.0;
    -4.0 * part * (1.0 - part.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Purpose, stream};

    #[test]
    fn a_wave_is_nearly_a_sine() {
        for step in -50..50 {
            let angle = f64::from(step) * 0.37;
            assert!((wave(angle) - angle.sin()).abs() < 0.06, "{angle}");
        }
    }

    #[test]
    fn air_is_outside_and_fat_under_the_skin() {
        let neck = Neck::draw(&mut stream(1, 0, Purpose::Neck, 0));
        let behind = |v: f64| neck.tissue(Local { u: 0.0, v, w: 0.0 });
        assert_eq!(behind(90.0), Tissue::Air);
        assert_eq!(behind(neck.back - 0.5), Tissue::Skin);
        assert_eq!(behind(neck.back - 3.0), Tissue::Fat);
    }
}
