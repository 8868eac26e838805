use crate::image::Image;
use crate::{RejectReason, Rejected, Tolerances};

/// Greatest number of images that are set aside: a scout has more.
const MOST: usize = 3;
/// Least number of other images of the series that each of them must cross.
const FEWEST_OTHERS: usize = 5;

/// Sets aside the few images that cross all others of their series: reference images on which a
/// scanner drew the slices. A series with as many such images as others is a scout, and is
/// unchanged.
pub(crate) fn set_aside(
    clusters: &mut Vec<Vec<Image>>,
    limits: &Tolerances,
    rejected: &mut Vec<Rejected>,
) -> usize {
    let Some(most) = clusters.iter().max_by_key(|cluster| cluster.len()) else { return 0 };
    let main = most[0].plane;
    let across = |cluster: &Vec<Image>| cluster[0].plane.angle(&main) > limits.across;
    let strays: usize = clusters.iter().filter(|c| across(c)).map(Vec::len).sum();
    let others: usize = clusters.iter().filter(|c| !across(c)).map(Vec::len).sum();
    if strays == 0 || strays > MOST || others < FEWEST_OTHERS * strays {
        return 0;
    }
    clusters.retain(|cluster| {
        if !across(cluster) {
            return true;
        }
        rejected.extend(cluster.iter().map(|image| Rejected {
            path: image.instance.path.to_path_buf(),
            frame: Some(image.frame),
            reason: RejectReason::ReferenceImage { others },
            series_uid: Some(image.instance.series_uid.clone()),
        }));
        false
    });
    strays
}
