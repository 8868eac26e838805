use std::collections::{BTreeMap, BTreeSet};

use foramen_image::Plane;
use foramen_types::Point;

use crate::block::breaks;
use crate::contrast::classify;
use crate::image::{Image, Occasion, time_of_day};
use crate::report::{DuplicateSlice, Repeat};
use crate::stray::set_aside;
use crate::{
    Finding, Orientation, Region, RejectReason, Rejected, Remark, SliceHeader, StackHeader,
    StackReport, Tolerances,
};

/// Groups images into stacks; unexplained duplicates at one position go to `rejected`.
pub(crate) fn group(
    images: Vec<Image>,
    limits: Tolerances,
    rejected: &mut Vec<Rejected>,
) -> Vec<StackHeader> {
    let mut series: BTreeMap<_, Vec<Image>> = BTreeMap::new();
    for image in images {
        let of = &image.instance;
        let key = (of.subject.clone(), of.study_uid.clone(), of.series_uid.clone());
        series.entry(key).or_default().push(image);
    }
    series.into_values().flat_map(|images| stacks_of_series(images, limits, rejected)).collect()
}

/// Images that form one stack, in order, with findings.
struct Arranged {
    images: Vec<Image>,
    repeat: Option<Repeat>,
    duplicates: Vec<DuplicateSlice>,
}

fn stacks_of_series(
    mut images: Vec<Image>,
    limits: Tolerances,
    rejected: &mut Vec<Rejected>,
) -> Vec<StackHeader> {
    images.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let by_stack_id = stack_ids_hold_stacks(&images);
    let mut clusters: Vec<Vec<Image>> = Vec::new();
    for image in images {
        let together = |cluster: &&mut Vec<Image>| {
            let first = &cluster[0];
            let same_id = !by_stack_id || first.occasion.stack == image.occasion.stack;
            same_id && are_kin(first, &image, &limits) && are_parallel(first, &image, &limits)
        };
        // The newest cluster first: neighbours in number mostly belong together.
        match clusters.iter_mut().rev().find(together) {
            Some(cluster) => cluster.push(image),
            None => clusters.push(vec![image]),
        }
    }
    let missing_numbers = missing_numbers(clusters.iter().flatten());
    let strays = set_aside(&mut clusters, &limits, rejected);
    let first = clusters[0][0].plane;
    let across = clusters.iter().any(|cluster| first.angle(&cluster[0].plane) > limits.across);
    let arranged: Vec<Arranged> = clusters
        .into_iter()
        .flat_map(|cluster| split_repeats(cluster, &limits, rejected))
        .flat_map(|arranged| split_blocks(arranged, &limits))
        .collect();
    let mut stacks: Vec<StackHeader> = arranged
        .iter()
        .enumerate()
        .map(|(index, arranged)| stack(arranged, index, across, limits))
        .collect();
    if !across {
        join_blocks(&arranged, &mut stacks, &limits);
    }
    for stack in &mut stacks {
        stack.remark(&missing_numbers);
    }
    if strays > 0 {
        let remark = Remark::ReferenceImage { images: strays };
        stacks.iter_mut().for_each(|stack| stack.remarks.push(remark.clone()));
    }
    stacks
}

/// The missing Instance Numbers between the first and the last of a series, if they are few: some
/// writers number in steps.
fn missing_numbers<'a>(images: impl Iterator<Item = &'a Image>) -> Vec<i64> {
    let numbers: Option<BTreeSet<i64>> =
        images.map(|image| image.occasion.instance_number).collect();
    let numbers = numbers.unwrap_or_default();
    let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else { return Vec::new() };
    let most = numbers.len() / 5 + 1;
    // A wide range is not walked through.
    let span = usize::try_from(last.saturating_sub(first)).unwrap_or(usize::MAX);
    if span.saturating_add(1) - numbers.len() > most {
        return Vec::new();
    }
    (first..last).filter(|number| !numbers.contains(number)).collect()
}

/// Separates blocks that are parallel by chance.
fn split_blocks(mut arranged: Arranged, limits: &Tolerances) -> Vec<Arranged> {
    let planes: Vec<_> = arranged.images.iter().map(|image| image.plane).collect();
    let mut blocks = Vec::new();
    for begin in breaks(&planes, limits).into_iter().rev() {
        let images = arranged.images.split_off(begin);
        let (below, above) =
            arranged.duplicates.into_iter().partition(|duplicate| duplicate.slice < begin);
        arranged.duplicates = below;
        let moved = |duplicate: DuplicateSlice| DuplicateSlice {
            slice: duplicate.slice - begin,
            ..duplicate
        };
        let duplicates = Vec::into_iter(above).map(moved).collect();
        blocks.push(Arranged { images, repeat: arranged.repeat, duplicates });
    }
    blocks.push(arranged);
    blocks.reverse();
    blocks
}

/// Records the angled blocks of one acquisition in each of them, from the feet to the head.
fn join_blocks(arranged: &[Arranged], stacks: &mut [StackHeader], limits: &Tolerances) {
    let repeat = |of: &Arranged| of.repeat.map_or(0, |repeat| repeat.number);
    for (own, stack) in arranged.iter().zip(stacks) {
        let kin = |other: &Arranged| {
            repeat(own) == repeat(other) && are_kin(&own.images[0], &other.images[0], limits)
        };
        let mut blocks: Vec<usize> = (0..arranged.len()).filter(|&i| kin(&arranged[i])).collect();
        let height = |index: &usize| {
            let images = &arranged[*index].images;
            images[images.len() / 2].plane.origin().z
        };
        blocks.sort_by(|a, b| height(a).total_cmp(&height(b)));
        stack.blocks = blocks;
    }
}

/// The order in which images of a series are processed. It decides which of two images at one
/// position is kept, but never the order of a stack.
fn rank(image: &Image) -> (Option<i64>, &std::path::Path, u32) {
    (image.occasion.instance_number, &image.instance.path, image.frame)
}

/// Whether the Stack IDs of enhanced MR (0020,9056) name stacks: at least one Stack ID covers
/// several positions. Some writers give each frame its own Stack ID.
fn stack_ids_hold_stacks(images: &[Image]) -> bool {
    let mut first: BTreeMap<&str, Point> = BTreeMap::new();
    images.iter().any(|image| {
        let Some(id) = image.occasion.stack.as_deref() else { return false };
        let origin = image.plane.origin();
        first.entry(id).or_insert(origin).distance(origin) > 0.0
    })
}

/// Whether two images of one series have the same acquisition parameters, wherever they are.
fn are_kin(a: &Image, b: &Image, limits: &Tolerances) -> bool {
    let (sa, sb) = (a.plane.spacing(), b.plane.spacing());
    let (fa, fb) = (&a.instance.pixels.format, &b.instance.pixels.format);
    let same_echo = match (a.physics.echo_time, b.physics.echo_time) {
        (Some(x), Some(y)) => (x - y).abs() <= limits.echo_time,
        (None, None) => true,
        _ => false,
    };
    (fa.rows, fa.columns) == (fb.rows, fb.columns)
        && a.instance.frame_of_reference_uid == b.instance.frame_of_reference_uid
        && (sa.row - sb.row).abs() <= limits.pixel_spacing
        && (sa.column - sb.column).abs() <= limits.pixel_spacing
        && same_echo
        && a.physics.component == b.physics.component
        && a.physics.image_type == b.physics.image_type
}

/// Whether two images are parallel.
fn are_parallel(a: &Image, b: &Image, limits: &Tolerances) -> bool {
    let turned = limits.turned.to_radians().cos();
    a.plane.along_row().dot(b.plane.along_row()) >= turned
        && a.plane.along_column().dot(b.plane.along_column()) >= turned
}

/// Orders a cluster along its normal, and separates repeats at one position.
fn split_repeats(
    mut cluster: Vec<Image>,
    limits: &Tolerances,
    rejected: &mut Vec<Rejected>,
) -> Vec<Arranged> {
    sort_along_normal(&mut cluster);
    let places = places(&cluster, limits.same_position);
    let most = places.iter().map(Vec::len).max().unwrap_or(0);
    if most <= 1 {
        return vec![Arranged { images: cluster, repeat: None, duplicates: Vec::new() }];
    }
    if let Some((groups, by)) = told_apart(&cluster, &places, most) {
        return repeats(&cluster, &groups, by);
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
        return repeats(&cluster, &groups, "the rank of their Instance Number");
    }
    let mut images = Vec::new();
    let mut duplicates = Vec::new();
    for (slice, place) in places.iter().enumerate() {
        let first = &cluster[place[0]];
        for &index in &place[1..] {
            let (path, frame) = (cluster[index].instance.path.to_path_buf(), cluster[index].frame);
            let reason =
                RejectReason::DuplicatePosition { kept: first.instance.path.to_path_buf() };
            let series_uid = Some(first.instance.series_uid.clone());
            rejected.push(Rejected { path: path.clone(), frame: Some(frame), reason, series_uid });
            duplicates.push(DuplicateSlice { slice, path, frame });
        }
        images.push(first.clone());
    }
    vec![Arranged { images, repeat: None, duplicates }]
}

/// Sorts along the cranial normal of the image that comes first after sorting, so that sorting
/// again does not change the order.
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
fn places(cluster: &[Image], same_position: f64) -> Vec<Vec<usize>> {
    let along = cluster[0].plane.cranial_normal();
    let mut places: Vec<Vec<usize>> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for (index, image) in cluster.iter().enumerate() {
        let position = (image.plane.origin() - Point::default()).dot(along);
        match places.last_mut() {
            Some(place) if position - last <= same_position => place.push(index),
            _ => places.push(vec![index]),
        }
        last = position;
    }
    for place in &mut places {
        place.sort_by(|&a, &b| rank(&cluster[a]).cmp(&rank(&cluster[b])));
    }
    places
}

/// The first attribute that divides the images into as many groups as there are images at a
/// position, with at most one image of a group at each position.
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

fn repeats(cluster: &[Image], groups: &[Vec<usize>], by: &'static str) -> Vec<Arranged> {
    let least = groups.iter().map(Vec::len).min().unwrap_or(0);
    let most = groups.iter().map(Vec::len).max().unwrap_or(0);
    let arrange = |(number, group): (usize, &Vec<usize>)| {
        let mut images: Vec<_> = group.iter().map(|&index| cluster[index].clone()).collect();
        sort_along_normal(&mut images);
        let repeat = Some(Repeat { number, of: groups.len(), by, least, most });
        Arranged { images, repeat, duplicates: Vec::new() }
    };
    groups.iter().enumerate().map(arrange).collect()
}

/// Whether the In-Stack Position Numbers rise or fall throughout the stack.
fn in_stack_order(images: &[Image]) -> Option<bool> {
    let numbers: Vec<u32> = images.iter().map(|i| i.occasion.in_stack).collect::<Option<_>>()?;
    let rises = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    Some(rises || numbers.windows(2).all(|pair| pair[0] > pair[1]))
}

fn stack(arranged: &Arranged, index: usize, across: bool, limits: Tolerances) -> StackHeader {
    let images = &arranged.images;
    let first = &images[0];
    let planes: Vec<_> = images.iter().map(|image| image.plane).collect();
    let mut report = StackReport::new(&planes, first.thickness, limits);
    report.repeat = arranged.repeat;
    report.duplicates.clone_from(&arranged.duplicates);
    report.in_stack_order = in_stack_order(images);
    let (contrast, of_contrast) = classify(&first.physics);
    let (fat, of_fat) = crate::fat::classify(&first.physics);
    let across = across.then_some("slices of its series lie across each other");
    let (localizer, derived) = (first.physics.localizer().or(across), first.physics.derived());
    let instance = &first.instance;
    let mut stack = StackHeader {
        subject: instance.subject.clone(),
        study_uid: instance.study_uid.clone(),
        series_uid: instance.series_uid.clone(),
        stack: index,
        blocks: vec![index],
        frame_of_reference_uid: instance.frame_of_reference_uid.clone(),
        series_number: first.occasion.series_number,
        time: images
            .iter()
            .filter_map(Image::seconds)
            .reduce(f64::min)
            .or_else(|| time_of_day(first.occasion.series_time.as_deref()?)),
        echo_time: first.physics.echo_time,
        repetition_time: first.physics.repetition_time,
        scanner: first.physics.scanner.clone(),
        acquired: instance.dating.date(),
        dating: instance.dating.clone(),
        orientation: Orientation::of(first.plane.normal()),
        contrast,
        fat,
        region: Region::Unknown,
        findings: vec![
            Finding::plane(first.plane.normal()),
            of_contrast,
            Finding::kind(localizer, derived),
            Finding::new("fat", fat.name(), 1.0, vec![of_fat]),
        ],
        localizer: localizer.is_some(),
        derived: derived.is_some(),
        rows: usize::from(instance.pixels.format.rows),
        columns: usize::from(instance.pixels.format.columns),
        spacing: first.plane.spacing(),
        slices: images.iter().map(SliceHeader::new).collect(),
        problems: report.problems(),
        report,
        remarks: Vec::new(),
        signs: Vec::new(),
    };
    if instance.assumed_frame {
        stack.remarks.push(Remark::AssumedFrame);
    }
    if images.iter().any(|image| image.instance.decimal_comma) {
        stack.remarks.push(Remark::DecimalComma);
    }
    stack.signs = crate::region_signs::of_stack(&first.anatomy, &stack);
    let (region, finding) = crate::region_signs::weigh(&stack.signs);
    stack.region = region;
    stack.findings.push(finding);
    stack
}
