use std::fmt;

use serde::{Deserialize, Serialize};

use crate::DiscPositions;

/// A position farther than this from the draft counts as moved, in millimetres; tables hold
/// thousandths.
const MOVED: f64 = 0.01;

/// What a person changed in a table of disc positions drafted by
/// [`draft_levels`](crate::draft_levels).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelEdits {
    /// Discs still at their drafted position.
    pub as_drafted: usize,
    /// Discs that were moved.
    pub moved: usize,
    /// The farthest move, in millimetres.
    pub farthest_mm: f64,
    /// Discs that were given another level, moved or not.
    #[serde(default)]
    pub renumbered: usize,
    /// Discs that were added.
    pub added: usize,
    /// Drafted discs that were given the status `refused`.
    pub refused: usize,
}

impl DiscPositions {
    /// The changes since the discs were drafted; `None` when no disc was drafted.
    #[must_use]
    pub fn edits(&self) -> Option<LevelEdits> {
        let refused = self.refused.values().flatten().count();
        let mut edits = LevelEdits { refused, ..LevelEdits::default() };
        for ((_, level), disc) in &self.discs {
            if disc.drafted.is_some_and(|drafted| drafted.level != *level) {
                edits.renumbered += 1;
                continue;
            }
            match disc.drafted.map(|drafted| drafted.point.distance(disc.point)) {
                None => edits.added += 1,
                Some(far) if far > MOVED => {
                    edits.moved += 1;
                    edits.farthest_mm = edits.farthest_mm.max(far);
                }
                Some(_) => edits.as_drafted += 1,
            }
        }
        (edits.as_drafted + edits.moved + edits.renumbered + edits.refused > 0).then_some(edits)
    }
}

impl fmt::Display for LevelEdits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { as_drafted, moved, farthest_mm, renumbered, added, refused } = self;
        write!(f, "{as_drafted} as drafted, {moved} moved")?;
        if *moved > 0 {
            write!(f, " (by {farthest_mm:.1} mm at most)")?;
        }
        write!(f, ", {renumbered} renumbered, {added} added, {refused} refused")
    }
}

#[cfg(test)]
mod tests {
    use foramen_types::SubjectKey;

    use super::*;

    #[test]
    fn a_disc_of_another_level_is_renumbered() {
        let table = "subject_id,level,x_mm,y_mm,z_mm,drafted_mm,drafted_level\n\
                     A,C4/5,1,2,3,1 2 3,C4/5\n\
                     A,C5/6,1,2,3,1 2 3,C6/7\n\
                     A,C6/7,1,2,9,1 2 3,C7/T1\n";
        let levels = DiscPositions::read(table.as_bytes(), &SubjectKey::identity()).unwrap();
        let edits = levels.edits().unwrap();
        assert_eq!((edits.as_drafted, edits.moved), (1, 0));
        let said = "1 as drafted, 0 moved, 2 renumbered, 0 added, 0 refused";
        assert_eq!(edits.to_string(), said);
        let bad = table.replace("C6/7\n", "C9\n");
        let text =
            DiscPositions::read(bad.as_bytes(), &SubjectKey::identity()).unwrap_err().to_string();
        assert!(text.contains("row 3"), "{text}");
    }

    #[test]
    fn what_a_person_changed_is_counted() {
        let table = "subject_id,level,x_mm,y_mm,z_mm,status,drafted_mm\n\
                     A,C4/5,1,2,3,found,1 2 3\n\
                     A,C5/6,1,2,7.5,found,1 2 3\n\
                     A,C6/7,1,2,3,,\n\
                     A,C7/T1,1,2,3,refused,1 2 3\n";
        let levels = DiscPositions::read(table.as_bytes(), &SubjectKey::identity()).unwrap();
        let edits = levels.edits().unwrap();
        assert_eq!((edits.as_drafted, edits.moved, edits.added, edits.refused), (1, 1, 1, 1));
        let said = "1 as drafted, 1 moved (by 4.5 mm at most), 0 renumbered, 1 added, 1 refused";
        assert_eq!(edits.to_string(), said);
        let by_hand = "subject_id,level,x_mm,y_mm,z_mm\nA,C5/6,1,2,3\n";
        let levels = DiscPositions::read(by_hand.as_bytes(), &SubjectKey::identity()).unwrap();
        assert_eq!(levels.edits(), None);
    }
}
