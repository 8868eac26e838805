use crate::anatomy::Anatomy;
use crate::finding::Finding;
use crate::orientation::Orientation;
use crate::region::{Region, Sign};
use crate::stack::StackHeader;

/// The evidence about the region from the header and the position of a stack.
pub(crate) fn of_stack(anatomy: &Anatomy, stack: &StackHeader) -> Vec<Sign> {
    let mut signs = anatomy.signs();
    signs.extend(by_extent(stack));
    signs
}

/// The region of the blocks of one acquisition, from the distance between them:
/// cervical discs lie 15 to 22 mm apart, lumbar ones 33 to 45 mm.
pub(crate) fn by_blocks(blocks: &[&StackHeader]) -> Option<Sign> {
    let centres: Vec<_> = blocks
        .iter()
        .filter(|block| block.orientation == Orientation::Axial)
        .map(|block| {
            let plane = block.slices[block.slices.len() / 2].plane;
            plane.point(block.rows as f64 / 2.0, block.columns as f64 / 2.0)
        })
        .collect();
    let mut apart: Vec<f64> = centres.windows(2).map(|pair| pair[0].distance(pair[1])).collect();
    apart.sort_by(f64::total_cmp);
    let middle = *apart.get(apart.len() / 2)?;
    let sentence = format!("its {} blocks lie {middle:.0} mm apart", centres.len());
    match middle {
        _ if centres.len() < 3 => None,
        10.0..=26.0 => Some((Region::Cervical, 1, format!("{sentence}, as cervical discs do"))),
        30.0..=50.0 => Some((Region::Lumbar, 2, format!("{sentence}, as lumbar discs do"))),
        _ => None,
    }
}

/// The region that the extent of a stack excludes: a sagittal stack of a spine is 30 to 80 mm thick
/// and a cervical one at most 270 mm tall; a neck fits into 260 mm.
fn by_extent(stack: &StackHeader) -> Option<Sign> {
    if stack.localizer {
        return None;
    }
    let across: f64 = stack.report.gaps.iter().sum();
    let tall = stack.rows as f64 * stack.spacing.row;
    let wide = stack.columns as f64 * stack.spacing.column;
    match stack.orientation {
        Orientation::Sagittal if across > 110.0 => {
            let why =
                format!("sagittal slices span {across:.0} mm from side to side, a whole head");
            Some((Region::Head, 2, why))
        }
        Orientation::Sagittal if tall.max(wide) > 285.0 => {
            let why = format!("a sagittal field of {:.0} mm is that of a trunk", tall.max(wide));
            Some((Region::Lumbar, 1, why))
        }
        Orientation::Axial if wide.min(tall) > 280.0 => {
            let why = format!("an axial field of {:.0} mm is that of a trunk", wide.min(tall));
            Some((Region::Lumbar, 1, why))
        }
        _ => None,
    }
}

/// The region with the most points; the remaining points count against it.
pub(crate) fn weigh(signs: &[Sign]) -> (Region, Finding) {
    let points = |region: Region| -> u32 {
        signs.iter().filter(|sign| sign.0 == region).map(|sign| sign.1).sum()
    };
    let total: u32 = signs.iter().map(|sign| sign.1).sum();
    let mut best = Region::Unknown;
    for &(region, ..) in signs {
        if points(region) > points(best) {
            best = region;
        }
    }
    let evidence = match signs {
        [] => vec!["the header does not tell the region".to_owned()],
        signs => signs
            .iter()
            .map(|(region, points, why)| {
                let sign = if *region == best { '+' } else { '−' };
                format!("{why} ({region}, {sign}{points})")
            })
            .collect(),
    };
    // One point more than there are: no sign is certain.
    let confidence = f64::from(points(best)) / f64::from(total + 1);
    (best, Finding::new("region", best.name(), confidence, evidence))
}
