use std::collections::BTreeMap;

use foramen_types::{Level, Vector};

use crate::DiscPosition;

/// The normal of a disc towards the head: its own normal if known, else the direction from the next
/// disc below to the next disc above, or to the only neighbour. Only positions of the same kind are
/// connected, since the canal lies behind the discs.
pub(crate) fn normal_of(discs: &BTreeMap<Level, DiscPosition>, level: Level) -> Option<Vector> {
    let disc = discs.get(&level)?;
    if disc.normal.is_some() {
        return disc.normal;
    }
    let next_to = |steps: isize| {
        let index = level.index().checked_add_signed(steps)?;
        let other = discs.get(Level::ALL.get(index)?)?;
        (other.kind == disc.kind).then_some(other.point)
    };
    let (above, below) = (next_to(-1).unwrap_or(disc.point), next_to(1).unwrap_or(disc.point));
    (above - below).unit()
}

#[cfg(test)]
mod tests {
    use foramen_phantom::{CohortConfig, draw_subject};
    use foramen_select::PointKind;
    use foramen_types::Point;

    use super::*;
    use crate::LevelSource;

    #[test]
    fn neighbours_tell_how_a_disc_is_tilted() {
        let config = CohortConfig::default().with_analysable(12);
        let mut angles = Vec::new();
        for index in 0..12 {
            let truth = draw_subject(&config, index).truth;
            let discs = truth.discs.iter().map(|disc| {
                let [x, y, z] = disc.centre;
                let position = DiscPosition {
                    point: Point::new(x, y, z),
                    kind: PointKind::Disc,
                    frame_of_reference_uid: None,
                    normal: None,
                    source: LevelSource::Given(String::new()),
                    confidence: 1.0,
                    drafted: None,
                };
                (disc.level.parse().unwrap(), position)
            });
            let discs: BTreeMap<Level, DiscPosition> = discs.collect();
            for disc in &truth.discs {
                let [u, v, w] = disc.normal;
                let found = normal_of(&discs, disc.level.parse().unwrap()).unwrap();
                angles.push(found.dot(Vector::new(u, v, w)).clamp(-1.0, 1.0).acos().to_degrees());
            }
        }
        angles.sort_by(f64::total_cmp);
        let (median, most) = (angles[angles.len() / 2], angles[angles.len() - 1]);
        println!("{median:.1} and at most {most:.1} degrees");
        assert!(median < 3.0 && most < 10.0, "{median} {most}");
    }

    #[test]
    fn a_disc_alone_has_no_normal() {
        assert_eq!(normal_of(&BTreeMap::new(), Level::C5C6), None);
    }
}
