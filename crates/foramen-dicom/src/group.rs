use std::collections::BTreeMap;

use foramen_image::Plane;
use foramen_types::Point;

use crate::contrast::classify;
use crate::image::{Image, Occasion};
use crate::problem::measure;
use crate::{Orientation, Problem, RejectReason, Rejected, SliceHeader, StackHeader};

/// How far from the first of a stack another slice may be turned, in degrees:
/// half of the 1° that two slices of one stack may differ.
const TURNED: f64 = 0.5;
/// How far two spacings of one stack may differ, in millimetres.
const SPACING: f64 = 1e-4;
/// How far two echo times of one stack may differ, in milliseconds.
const ECHO: f64 = 0.5;
/// Images nearer than this along the normal are at one position, in millimetres.
const SAME_POSITION: f64 = 0.02;
/// Slices farther apart than this make a series a localizer, in degrees; blocks
/// angled to each cervical disc stay below.
const ACROSS: f64 = 60.0;

/// Puts images into stacks; what lies twice at one position for no reason goes
/// to `rejected`.
pub(crate) fn group(images: Vec<Image>, rejected: &mut Vec<Rejected>) -> Vec<StackHeader> {
    let mut series: BTreeMap<_, Vec<Image>> = BTreeMap::new();
    for image in images {
        let of = &image.instance;
        let key = (of.subject.clone(), of.study_uid.clone(), of.series_uid.clone());
        series.entry(key).or_default().push(image);
    }
    series.into_values().flat_map(|images| stacks_of_series(images, rejected)).collect()
}

fn stacks_of_series(mut images: Vec<Image>, rejected: &mut Vec<Rejected>) -> Vec<StackHeader> {
    images.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let mut clusters: Vec<Vec<Image>> = Vec::new();
    for image in images {
        // The newest cluster first: neighbours in number mostly belong together.
        match clusters.iter_mut().rev().find(|cluster| belong_together(&cluster[0], &image)) {
            Some(cluster) => cluster.push(image),
            None => clusters.push(vec![image]),
        }
    }
    let first = clusters[0][0].plane;
    let across = clusters.iter().any(|cluster| first.angle(&cluster[0].plane) > ACROSS);
    let mut stacks = Vec::new();
    for cluster in clusters {
        for (slices, problems) in split_repeats(cluster, rejected) {
            let header = stack(&slices, problems, stacks.len(), across);
            stacks.push(header);
        }
    }
    stacks
}

/// The order in which images of a series are met; it decides which of two
/// images at one position is kept, never the order of a stack.
fn rank(image: &Image) -> (Option<i64>, &std::path::Path, u32) {
    (image.occasion.instance_number, &image.instance.path, image.frame)
}

/// Whether two images of one series may be slices of one stack.
fn belong_together(a: &Image, b: &Image) -> bool {
    let (pa, pb) = (&a.plane, &b.plane);
    let (sa, sb) = (pa.spacing(), pb.spacing());
    let (fa, fb) = (&a.instance.pixels.format, &b.instance.pixels.format);
    let same_echo = match (a.physics.echo_time, b.physics.echo_time) {
        (Some(x), Some(y)) => (x - y).abs() <= ECHO,
        (None, None) => true,
        _ => false,
    };
    let turned = TURNED.to_radians().cos();
    (fa.rows, fa.columns) == (fb.rows, fb.columns)
        && a.instance.frame_of_reference_uid == b.instance.frame_of_reference_uid
        && (sa.row - sb.row).abs() <= SPACING
        && (sa.column - sb.column).abs() <= SPACING
        && pa.along_row().dot(pb.along_row()) >= turned
        && pa.along_column().dot(pb.along_column()) >= turned
        && same_echo
        && a.physics.component == b.physics.component
        && a.physics.image_type == b.physics.image_type
}

/// Orders a cluster along its normal, and takes repeats at one position apart.
fn split_repeats(
    mut cluster: Vec<Image>,
    rejected: &mut Vec<Rejected>,
) -> Vec<(Vec<Image>, Vec<Problem>)> {
    sort_along_normal(&mut cluster);
    let places = places(&cluster);
    let most = places.iter().map(Vec::len).max().unwrap_or(0);
    if most <= 1 {
        return vec![(cluster, Vec::new())];
    }
    if let Some((groups, by)) = told_apart(&cluster, &places, most) {
        return with_problems(cluster, &groups, by);
    }
    let repeated = places.iter().filter(|place| place.len() > 1).count();
    let numbered = places.iter().filter(|place| place.len() > 1).all(|place| {
        let number =
            |&index: &usize| (cluster[index].occasion.instance_number, cluster[index].frame);
        place.windows(2).all(|pair| number(&pair[0]) < number(&pair[1]))
    });
    if numbered && repeated * 2 >= places.len() {
        let mut groups = vec![Vec::new(); most];
        for place in &places {
            for (repeat, &index) in place.iter().enumerate() {
                groups[repeat].push(index);
            }
        }
        return with_problems(cluster, &groups, "the rank of their Instance Number");
    }
    let mut kept = Vec::new();
    let mut dropped = 0;
    for place in places {
        let first = &cluster[place[0]];
        for &index in &place[1..] {
            dropped += 1;
            let kept = first.instance.path.to_path_buf();
            rejected.push(Rejected {
                path: cluster[index].instance.path.to_path_buf(),
                frame: Some(cluster[index].frame),
                reason: RejectReason::DuplicatePosition { kept },
            });
        }
        kept.push(first.clone());
    }
    vec![(kept, vec![Problem::Duplicates { images: dropped }])]
}

/// Sorts along the cranial normal of what is then the first image, so that the
/// order stays the same when it is sorted again.
fn sort_along_normal(cluster: &mut [Image]) {
    let position = |plane: &Plane, along| (plane.origin() - Point::default()).dot(along);
    for _ in 0..2 {
        let along = cluster[0].plane.cranial_normal();
        cluster.sort_by(|a, b| {
            let (pa, pb) = (position(&a.plane, along), position(&b.plane, along));
            pa.total_cmp(&pb).then_with(|| rank(a).cmp(&rank(b)))
        });
        // In sagittal stacks the sign of the normal may hang on rounding.
        if cluster[0].plane.cranial_normal().dot(along) > 0.0 {
            break;
        }
    }
}

/// Indices of the images at each position, from the feet up; within a position
/// in order of rank.
fn places(cluster: &[Image]) -> Vec<Vec<usize>> {
    let along = cluster[0].plane.cranial_normal();
    let mut places: Vec<Vec<usize>> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for (index, image) in cluster.iter().enumerate() {
        let position = (image.plane.origin() - Point::default()).dot(along);
        match places.last_mut() {
            Some(place) if position - last <= SAME_POSITION => place.push(index),
            _ => places.push(vec![index]),
        }
        last = position;
    }
    for place in &mut places {
        place.sort_by(|&a, &b| rank(&cluster[a]).cmp(&rank(&cluster[b])));
    }
    places
}

/// The first attribute that puts the images into as many groups as a position
/// has images, none of them twice at one position.
fn told_apart(
    cluster: &[Image],
    places: &[Vec<usize>],
    most: usize,
) -> Option<(Vec<Vec<usize>>, &'static str)> {
    type Key = fn(&Occasion) -> Option<String>;
    let keys: [(&'static str, Key); 7] = [
        ("Stack ID", |o| o.stack.clone()),
        ("diffusion b-value", |o| o.b_value.map(|bits| bits.to_string())),
        // Numbers are padded, so that their texts sort as they do.
        ("temporal position", |o| o.temporal.map(|n| format!("{n:020}"))),
        ("Acquisition Number", |o| o.acquisition.map(|n| format!("{n:020}"))),
        ("Trigger Time", |o| o.trigger.as_ref().map(|time| format!("{time:>20}"))),
        ("Acquisition Time", |o| o.acquisition_time.clone()),
        ("Content Time", |o| o.content_time.clone()),
    ];
    keys.into_iter().find_map(|(name, key)| {
        let mut groups: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
        for place in places {
            for &index in place {
                groups.entry(key(&cluster[index].occasion)).or_default().push(index);
            }
        }
        let once = |place: &Vec<usize>| {
            let mut values: Vec<_> = place.iter().map(|&i| key(&cluster[i].occasion)).collect();
            values.sort();
            values.windows(2).all(|pair| pair[0] != pair[1])
        };
        (groups.len() == most && places.iter().all(once))
            .then(|| (groups.into_values().collect(), name))
    })
}

fn with_problems(
    cluster: Vec<Image>,
    groups: &[Vec<usize>],
    by: &'static str,
) -> Vec<(Vec<Image>, Vec<Problem>)> {
    let least = groups.iter().map(Vec::len).min().unwrap_or(0);
    let most = groups.iter().map(Vec::len).max().unwrap_or(0);
    let mut problems = vec![Problem::Repeated { repeats: groups.len(), by }];
    if least != most {
        problems.push(Problem::UnevenRepeats { least, most });
    }
    groups
        .iter()
        .map(|group| {
            let mut slices: Vec<_> = group.iter().map(|&index| cluster[index].clone()).collect();
            sort_along_normal(&mut slices);
            (slices, problems.clone())
        })
        .collect()
}

fn stack(images: &[Image], mut problems: Vec<Problem>, index: usize, across: bool) -> StackHeader {
    let first = &images[0];
    let planes: Vec<_> = images.iter().map(|image| image.plane).collect();
    problems.extend(measure(&planes, first.thickness));
    let (contrast, evidence) = classify(&first.physics);
    let instance = &first.instance;
    StackHeader {
        subject: instance.subject.clone(),
        study_uid: instance.study_uid.clone(),
        series_uid: instance.series_uid.clone(),
        stack: index,
        frame_of_reference_uid: instance.frame_of_reference_uid.clone(),
        acquired: instance.acquired,
        orientation: Orientation::of(first.plane.normal()),
        contrast,
        evidence,
        localizer: across || first.physics.is_localizer(),
        derived: first.physics.is_derived(),
        rows: usize::from(instance.pixels.format.rows),
        columns: usize::from(instance.pixels.format.columns),
        spacing: first.plane.spacing(),
        slices: images.iter().map(SliceHeader::new).collect(),
        problems,
    }
}
