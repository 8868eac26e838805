use foramen_image::Plane;
use foramen_types::Vector;

use crate::Tolerances;

/// Splits parallel planes, in order along their normal, into blocks (groups of slices angled to one
/// disc): the index of the first plane of each block except the first.
///
/// Blocks angled to two discs may be parallel by chance. Then the step between the blocks is longer
/// than the others and off the line of the others, whereas a missing slice leaves a longer step
/// along that line.
pub(crate) fn breaks(planes: &[Plane], limits: &Tolerances) -> Vec<usize> {
    let Some(first) = planes.first() else { return Vec::new() };
    let along = first.cranial_normal();
    let steps: Vec<Vector> =
        planes.windows(2).map(|pair| pair[1].origin() - pair[0].origin()).collect();
    let usual = Vector::new(
        middle(steps.iter().map(|step| step.x)),
        middle(steps.iter().map(|step| step.y)),
        middle(steps.iter().map(|step| step.z)),
    );
    let spacing = usual.dot(along);
    if spacing <= limits.same_position {
        return Vec::new();
    }
    let leads_off = |step: &Vector| {
        let times = step.dot(along) / spacing;
        let off = *step - usual * times;
        // Rounding of the usual step adds up with its length.
        times > 1.5 && off.length() > limits.shear * times
    };
    (1..planes.len()).filter(|&index| leads_off(&steps[index - 1])).collect()
}

/// The middle value, the lower of two; 0 for no values.
fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_image::Spacing;
    use foramen_types::Point;

    fn planes(origins: &[(f64, f64)]) -> Vec<Plane> {
        let (row, column) = (Vector::new(1.0, 0.0, 0.0), Vector::new(0.0, 1.0, 0.0));
        let spacing = Spacing { row: 0.5, column: 0.5 };
        let plane =
            |&(y, z): &(f64, f64)| Plane::new(Point::new(0.0, y, z), row, column, spacing).unwrap();
        origins.iter().map(plane).collect()
    }

    #[test]
    fn a_long_step_off_the_line_begins_a_block() {
        let limits = Tolerances::default();
        let blocks = planes(&[(0.0, 0.0), (0.0, 3.0), (0.0, 6.0), (9.0, 40.0), (9.0, 43.0)]);
        assert_eq!(breaks(&blocks, &limits), [3]);
        let missing = planes(&[(0.0, 0.0), (0.0, 3.0), (0.0, 6.0), (0.0, 12.0), (0.0, 15.0)]);
        assert!(breaks(&missing, &limits).is_empty());
        let sheared = planes(&[(0.0, 0.0), (0.5, 3.0), (1.0, 6.0), (2.0, 12.0), (2.5, 15.0)]);
        assert!(breaks(&sheared, &limits).is_empty());
        assert!(breaks(&planes(&[(0.0, 0.0)]), &limits).is_empty());
    }
}
