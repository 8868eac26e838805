use serde::{Deserialize, Serialize};

use crate::{Design, Variety};

/// The configuration of a synthetic cohort. The same configuration gives the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CohortConfig {
    /// The seed of all random numbers. Default 1.
    pub seed: u64,
    /// Subjects whose data suffice for a prediction. Default 288, the number of the study that this
    /// project follows (10.2147/JPR.S409841).
    pub analysable: usize,
    /// Further subjects with typical defects of a hospital export. Default 24: three of each kind,
    /// about 8 % of the rows.
    pub defects: usize,
    /// How the outcome depends on the foramen. Default [`OutcomeModel::default`].
    pub outcome: OutcomeModel,
    /// Edge of the axial pixels, millimetres. Default `None`: a random value for each subject, 0.40
    /// to 0.70 as in usual protocols.
    #[serde(default)]
    pub axial_pixel: Option<f64>,
    /// Thickness of the axial slices, millimetres. Default `None`: a random value for each subject,
    /// 2 to 4.
    #[serde(default)]
    pub axial_thickness: Option<f64>,
    /// Whether each subject is examined by only one sagittal T2 volume of cubic voxels (3D fast
    /// spin echo), without an axial series. Default false.
    #[serde(default)]
    pub volume: bool,
    /// Variation of tissues, scanner and bone. Default [`Variety::Usual`].
    #[serde(default, skip_serializing_if = "Variety::is_usual")]
    pub variety: Variety,
    /// The factors of the outcome, and the anatomy simulated for them. Default [`Design::Width`].
    #[serde(default, skip_serializing_if = "Design::is_width")]
    pub design: Design,
}

impl Default for CohortConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            analysable: 288,
            defects: 24,
            outcome: OutcomeModel::default(),
            axial_pixel: None,
            axial_thickness: None,
            volume: false,
            variety: Variety::Usual,
            design: Design::Width,
        }
    }
}

impl CohortConfig {
    /// Version of the generator, raised whenever the same configuration would give other bytes.
    pub const GENERATOR: u32 = 1;

    /// An identifier, for a cache, of the bytes that this configuration gives: 16 hexadecimal
    /// digits computed from the configuration and [`CohortConfig::GENERATOR`].
    #[must_use]
    pub fn fingerprint(&self) -> String {
        // What is not asked for has no part in the name: cohorts of before keep theirs.
        let text = format!("{} {self:?}", Self::GENERATOR)
            .replace(", volume: false", "")
            .replace(", variety: Usual", "")
            .replace(", design: Width", "")
            .replace(", fat: 0.0, swollen: 0.0, field: 0.0", "");
        // FNV-1a, which does not change between compilers as the standard
        // library's hasher may.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }

    /// The same cohort with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same cohort with another number of analysable subjects.
    #[must_use]
    pub fn with_analysable(mut self, analysable: usize) -> Self {
        self.analysable = analysable;
        self
    }

    /// The same cohort with another number of subjects with defects.
    #[must_use]
    pub fn with_defects(mut self, defects: usize) -> Self {
        self.defects = defects;
        self
    }

    /// The same cohort with another outcome model.
    #[must_use]
    pub fn with_outcome(mut self, outcome: OutcomeModel) -> Self {
        self.outcome = outcome;
        self
    }

    /// The same cohort with axial pixels of this edge, millimetres.
    #[must_use]
    pub fn with_axial_pixel(mut self, mm: f64) -> Self {
        self.axial_pixel = Some(mm);
        self
    }

    /// The same cohort with axial slices of this thickness, millimetres.
    #[must_use]
    pub fn with_axial_thickness(mut self, mm: f64) -> Self {
        self.axial_thickness = Some(mm);
        self
    }

    /// The same cohort, examined by a sagittal T2 volume only.
    #[must_use]
    pub fn with_volume(mut self) -> Self {
        self.volume = true;
        self
    }

    /// The same cohort with this variation of tissues, scanner and bone.
    #[must_use]
    pub fn with_variety(mut self, variety: Variety) -> Self {
        self.variety = variety;
        self
    }

    /// The same cohort of another design, with the outcome model of that design.
    #[must_use]
    pub fn with_design(mut self, design: Design) -> Self {
        self.design = design;
        self.outcome = OutcomeModel::of(design);
        self
    }

    /// Number of all subjects.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.analysable + self.defects
    }
}

/// The log-odds of a favourable outcome:
/// `intercept + width · z + bony · [cause is bony] + duration · d + fat · f
/// + swollen · [root is swollen] + field · [3 T]`, where `z` is the width's z-score against
/// asymptomatic foramina of the level, `d` the standardised logarithm of the duration of pain and
/// `f` the standardised thickness of the fat around the root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutcomeModel {
    /// Log-odds at the reference. Default 2.45: a prevalence near 0.55, inside the
    /// published 0.45–0.70 (10.1093/pm/pnz127).
    pub intercept: f64,
    /// Per standard deviation of width. Default 1.9: width carries most of what an
    /// image shows.
    pub width: f64,
    /// When bone narrows the foramen and not a soft disc. Default −0.8: soft discs
    /// do better (82.9 % against 56.0 %, 10.3348/kjr.2015.16.3.604).
    pub bony: f64,
    /// Per standard deviation of log duration. Default −0.5: longer pain does
    /// worse; no image shows it.
    pub duration: f64,
    /// Per standard deviation of the fat around the root. Default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fat: f64,
    /// When the root is swollen. Default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub swollen: f64,
    /// When the scanner has 3 T and not 1.5 T. Default 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub field: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl Default for OutcomeModel {
    fn default() -> Self {
        Self {
            intercept: 2.45,
            width: 1.9,
            bony: -0.8,
            duration: -0.5,
            fat: 0.0,
            swollen: 0.0,
            field: 0.0,
        }
    }
}

impl OutcomeModel {
    /// The model of a design.
    ///
    /// [`Design::Picture`]: soft discs do better than bone, by the log-odds of 82.9 % against
    /// 56.0 % (10.3348/kjr.2015.16.3.604); loss of the fat around the root is what grades of
    /// stenosis are made of (Park 2013, PMC3635796) and goes with worse outcomes; an inflamed
    /// root is what a steroid acts on. No odds of the latter two are published: they are such
    /// that all that a picture shows has an AUC about 0.1 above that of the width.
    ///
    /// [`Design::Confounded`]: 3 T changes the log-odds by 1.6, as an odds ratio of 5.
    #[must_use]
    pub fn of(design: Design) -> Self {
        let width = Self::default();
        match design {
            Design::Width => width,
            Design::Picture => {
                Self { intercept: 1.85, width: 1.3, bony: -1.3, fat: 0.9, swollen: 1.0, ..width }
            }
            Design::Confounded => Self { intercept: 1.65, field: 1.6, ..width },
        }
    }

    /// The log-odds for a width z-score, a cause and a standardised log duration, with the usual
    /// fat around a root that is not swollen, at 1.5 T.
    #[must_use]
    pub fn logit(&self, width_z: f64, bony: bool, duration_z: f64) -> f64 {
        self.intercept
            + self.width * width_z
            + if bony { self.bony } else { 0.0 }
            + self.duration * duration_z
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cohorts_that_lie_in_caches_keep_their_names() {
        let names = [288, 60].map(|n| CohortConfig::default().with_analysable(n).fingerprint());
        assert_eq!(names, ["55f092cea61a0aa2", "03db9fd8fdd5f172"]);
        let of = |design| CohortConfig::default().with_design(design).fingerprint();
        let [width, picture, confounded] = Design::ALL.map(of);
        assert!(width == names[0] && picture != width && confounded != picture);
    }
}
