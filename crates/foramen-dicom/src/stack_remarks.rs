use crate::{Dating, FatSignal, Problem, Remark, StackHeader};

/// Below this confidence of its finding a contrast is uncertain: two of echo time,
/// repetition time and kind of echo are missing, or all.
const UNCERTAIN: f64 = 0.6;

impl StackHeader {
    /// Adds the remarks that follow from the stack's own header.
    pub(crate) fn remark(&mut self, missing_numbers: &[i64]) {
        let mut remarks = self.remarks_on_geometry();
        if !missing_numbers.is_empty() {
            remarks.push(Remark::MissingNumber { numbers: missing_numbers.to_vec() });
        }
        let contrast = self.findings.iter().find(|finding| finding.about == "contrast");
        if let Some(confidence) = contrast.map(|f| f.confidence).filter(|&c| c < UNCERTAIN) {
            remarks.push(Remark::UncertainContrast { confidence });
        }
        let fat = self.fat;
        if !matches!(fat, FatSignal::Plain | FatSignal::InPhase) {
            remarks.push(Remark::FatTakenAway { fat });
        }
        if self.derived {
            remarks.push(Remark::Derived);
        }
        self.remarks.extend(remarks);
    }

    /// The remarks that follow from the positions of the slices.
    pub(crate) fn remarks_on_geometry(&self) -> Vec<Remark> {
        let of = |problem: &Problem| match *problem {
            Problem::SingleSlice => Some(Remark::SingleSlice),
            Problem::Missing { after, slices, gap, spacing } => {
                let below = self.slices[after].source.clone();
                Some(Remark::MissingSlice { slices, below, gap, spacing })
            }
            Problem::Uneven { gaps, .. } => Some(Remark::UnevenSpacing { gaps }),
            _ => None,
        };
        self.problems.iter().filter_map(of).collect()
    }

    /// Adds the remark that images of the series were rejected.
    pub(crate) fn remark_on_lost(&mut self, images: usize) {
        if images > 0 && !self.localizer {
            self.remarks.push(Remark::UndecodableImage { images });
        }
    }

    /// Adds the remarks that follow from the day of the scan, once it is known.
    pub(crate) fn remark_on_day(&mut self) {
        self.remarks.extend(match self.dating {
            Dating::On(_) => None,
            Dating::Absent => Some(Remark::Undated),
            _ => Some(Remark::UnreadableDate),
        });
    }
}
