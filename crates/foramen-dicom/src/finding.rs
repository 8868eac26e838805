use crate::orientation::Orientation;

/// A conclusion about a stack, its confidence and the reasons.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The topic: `plane`, `contrast`, `kind`, `fat` or `region`.
    pub about: &'static str,
    /// The conclusion.
    pub answer: &'static str,
    /// Confidence in the conclusion, 0 (no evidence) to 1.
    pub confidence: f64,
    /// The evidence for and against it, one sentence each, without any identifier.
    pub evidence: Vec<String>,
}

impl Finding {
    pub(crate) fn new(
        about: &'static str,
        answer: &'static str,
        confidence: f64,
        evidence: Vec<String>,
    ) -> Self {
        Self { about, answer, confidence, evidence }
    }

    /// The orientation of slices with this unit normal.
    pub(crate) fn plane(normal: foramen_types::Vector) -> Self {
        let axes = [
            (normal.z.abs(), "head to feet"),
            (normal.x.abs(), "left to right"),
            (normal.y.abs(), "front to back"),
        ];
        let nearest = axes.into_iter().fold(axes[0], |a, b| if b.0 > a.0 { b } else { a });
        let degrees = nearest.0.min(1.0).acos().to_degrees();
        let evidence = format!("the normal is {degrees:.0}° from {}", nearest.1);
        Self::new("plane", Orientation::of(normal).name(), nearest.0, vec![evidence])
    }

    /// Whether a stack is an acquired image, a scout, or computed from others.
    pub(crate) fn kind(localizer: Option<&str>, derived: Option<&str>) -> Self {
        let (answer, why) = match (localizer, derived) {
            (Some(why), _) => ("localizer", why),
            (None, Some(why)) => ("derived", why),
            (None, None) => ("original", "nothing speaks for a scout or a reformat"),
        };
        Self::new("kind", answer, 1.0, vec![why.to_owned()])
    }
}
