use std::path::Path;
use std::sync::Arc;

use dicom_dictionary_std::{tags, uids};
use foramen_image::{Plane, Spacing};
use foramen_types::{Point, SubjectId, Vector};

use crate::anatomy::Anatomy;
use crate::colour::Colour;
use crate::format::PixelSource;
use crate::item::Item;
use crate::person::Person;
use crate::physics::Physics;
use crate::read::Header;
use crate::rescale::Rescale;
use crate::set::{Groups, Set};
use crate::subject_from::Naming;
use crate::wanted::{SIEMENS_CREATOR, SIEMENS_TILES};
use crate::{Dating, RejectReason};

/// The attributes shared by all images of one file.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) path: Arc<Path>,
    pub(crate) subject: SubjectId,
    pub(crate) study_uid: String,
    pub(crate) series_uid: String,
    pub(crate) sop_uid: String,
    pub(crate) frame_of_reference_uid: Option<String>,
    /// Whether the frame of reference was assumed, not read from the file.
    pub(crate) assumed_frame: bool,
    pub(crate) dating: Dating,
    pub(crate) person: Person,
    /// A number of the header is written with a decimal comma.
    pub(crate) decimal_comma: bool,
    pub(crate) pixels: Arc<PixelSource>,
}

/// One image in the patient, before it is grouped into a stack.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) instance: Arc<Instance>,
    /// Counted from 1.
    pub(crate) frame: u32,
    pub(crate) plane: Plane,
    pub(crate) thickness: Option<f64>,
    pub(crate) rescale: Rescale,
    /// Philips' private scale slope (2005,100E).
    pub(crate) philips_slope: Option<f64>,
    /// The output values that mark pixels without a measurement.
    pub(crate) padding: Option<(f32, f32)>,
    pub(crate) physics: Arc<Physics>,
    pub(crate) anatomy: Arc<Anatomy>,
    pub(crate) occasion: Occasion,
}

impl Image {
    /// Time of its acquisition, in seconds of the day (Acquisition Time (0008,0032)); `None` if
    /// missing.
    pub(crate) fn seconds(&self) -> Option<f64> {
        time_of_day(self.occasion.acquisition_time.as_deref()?)
    }
}

/// The seconds of a time of day, `HHMMSS.FFFFFF` or its beginning, with or without colons (PS3.5
/// 6.2).
pub(crate) fn time_of_day(text: &str) -> Option<f64> {
    let text = text.replace(':', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if !matches!(whole.len(), 2 | 4 | 6) {
        return None;
    }
    let part = |at: usize| -> Option<f64> {
        let digits = whole.get(at..at + 2).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
        if at < whole.len() { digits?.parse().ok() } else { Some(0.0) }
    };
    let fraction = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().ok()? };
    Some(part(0)? * 3600.0 + part(2)? * 60.0 + part(4)? + fraction)
}

/// The attributes that can distinguish two images at one position, in order of trust. Texts are
/// unchanged: they are only compared.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Occasion {
    pub(crate) stack: Option<String>,
    /// In-Stack Position Number (0020,9057); it is not used for ordering, but compared with the
    /// order of positions.
    pub(crate) in_stack: Option<u32>,
    pub(crate) b_value: Option<u64>,
    pub(crate) temporal: Option<i64>,
    pub(crate) acquisition: Option<i64>,
    pub(crate) trigger: Option<String>,
    pub(crate) acquisition_time: Option<String>,
    pub(crate) content_time: Option<String>,
    pub(crate) instance_number: Option<i64>,
    /// Series Number (0020,0011) and Series Time (0008,0031): they distinguish series, never images
    /// of one series.
    pub(crate) series_number: Option<i64>,
    pub(crate) series_time: Option<String>,
}

/// Returns the images that a header describes, or why it describes none.
pub(crate) fn describe(
    item: &Item,
    header: &Header,
    naming: Naming<'_>,
) -> Result<Vec<Image>, RejectReason> {
    let set = &header.set;
    let sop_class = set.text(tags::SOP_CLASS_UID).or_else(|| header.media_class.clone());
    let modality = set.text(tags::MODALITY);
    if sop_class.as_deref() == Some(uids::MEDIA_STORAGE_DIRECTORY_STORAGE) {
        return Err(RejectReason::Dicomdir { absent: None });
    }
    let enhanced = match (sop_class.as_deref(), modality.as_deref()) {
        (Some(uids::MR_IMAGE_STORAGE), Some("MR") | None) | (None, Some("MR")) => false,
        (
            Some(
                uids::ENHANCED_MR_IMAGE_STORAGE | uids::LEGACY_CONVERTED_ENHANCED_MR_IMAGE_STORAGE,
            ),
            Some("MR") | None,
        ) => true,
        _ => {
            let or = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
            return Err(RejectReason::NotMr { modality: or(modality), sop_class: or(sop_class) });
        }
    };
    if is_mosaic(set) {
        return Err(RejectReason::Mosaic);
    }
    let text = |tag, name| set.text(tag).ok_or(RejectReason::Missing { name });
    let dating = Dating::of(set);
    let instance = Arc::new(Instance {
        path: item.path.clone(),
        subject: naming.subject(&item.path, set)?,
        study_uid: text(tags::STUDY_INSTANCE_UID, "Study Instance UID (0020,000D)")?,
        series_uid: text(tags::SERIES_INSTANCE_UID, "Series Instance UID (0020,000E)")?,
        sop_uid: text(tags::SOP_INSTANCE_UID, "SOP Instance UID (0008,0018)")?,
        frame_of_reference_uid: set.text(tags::FRAME_OF_REFERENCE_UID),
        assumed_frame: false,
        person: Person::new(set, dating.date()),
        dating,
        decimal_comma: set.has_decimal_comma(),
        pixels: Arc::new(PixelSource::new(header, item.clone())?),
    });
    let format = &instance.pixels.format;
    if format.colour != Colour::Grey {
        return Err(RejectReason::Invalid { name: "Photometric Interpretation (0028,0004)" });
    }
    let frames = format.frames;
    if !enhanced {
        if frames != 1 {
            return Err(RejectReason::Frames { frames, described: 0 });
        }
        let groups = Groups { top: set, shared: None, frame: None };
        let (physics, anatomy) = (Physics::new(&groups), Anatomy::new(&groups));
        return Ok(vec![groups.image(&instance, 1, Arc::new(physics), Arc::new(anatomy))?]);
    }
    let shared = set.items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE).first();
    let described = set.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    if u32::try_from(described.len()) != Ok(frames) {
        return Err(RejectReason::Frames { frames, described: described.len() });
    }
    let mut last: Option<(Arc<Physics>, Arc<Anatomy>)> = None;
    (1..=frames)
        .zip(described)
        .map(|(number, frame)| {
            let groups = Groups { top: set, shared, frame: Some(frame) };
            let own = (Physics::new(&groups), Anatomy::new(&groups));
            // Most frames share them: keep one copy.
            let (physics, anatomy) = match &last {
                Some((physics, anatomy)) if (&**physics, &**anatomy) == (&own.0, &own.1) => {
                    (physics.clone(), anatomy.clone())
                }
                _ => (Arc::new(own.0), Arc::new(own.1)),
            };
            last = Some((physics.clone(), anatomy.clone()));
            groups.image(&instance, number, physics, anatomy)
        })
        .collect()
}

/// Recognises a Siemens mosaic by its Image Type or, if that was rewritten, by the number of its
/// tiles.
fn is_mosaic(set: &Set) -> bool {
    let siemens = set.text(SIEMENS_CREATOR).as_deref() == Some("SIEMENS MR HEADER");
    set.codes(tags::IMAGE_TYPE).iter().any(|value| value == "MOSAIC")
        || siemens && set.unsigned(SIEMENS_TILES).is_some_and(|tiles| tiles > 1)
}

impl Groups<'_> {
    fn image(
        &self,
        instance: &Arc<Instance>,
        frame: u32,
        physics: Arc<Physics>,
        anatomy: Arc<Anatomy>,
    ) -> Result<Image, RejectReason> {
        let decimals = |sequence, tag, name| {
            let holder = self.holder(sequence, tag);
            match holder.decimals(tag) {
                Some(values) => Ok(values),
                None if holder.has(tag) && holder.text(tag).is_some() => {
                    Err(RejectReason::Invalid { name })
                }
                None => Err(RejectReason::Missing { name }),
            }
        };
        let name = "Image Position Patient (0020,0032)";
        let position = decimals(tags::PLANE_POSITION_SEQUENCE, tags::IMAGE_POSITION_PATIENT, name)?;
        let &[x, y, z] = position.as_slice() else { return Err(RejectReason::Invalid { name }) };
        let name = "Image Orientation Patient (0020,0037)";
        let sequence = tags::PLANE_ORIENTATION_SEQUENCE;
        let direction = decimals(sequence, tags::IMAGE_ORIENTATION_PATIENT, name)?;
        let &[rx, ry, rz, cx, cy, cz] = direction.as_slice() else {
            return Err(RejectReason::Invalid { name });
        };
        let name = "Pixel Spacing (0028,0030)";
        let spacing = decimals(tags::PIXEL_MEASURES_SEQUENCE, tags::PIXEL_SPACING, name)?;
        let &[row, column] = spacing.as_slice() else {
            return Err(RejectReason::Invalid { name });
        };
        let plane = Plane::new(
            Point::new(x, y, z),
            Vector::new(rx, ry, rz),
            Vector::new(cx, cy, cz),
            Spacing { row, column },
        )
        .map_err(RejectReason::Plane)?;
        let thickness = self
            .holder(tags::PIXEL_MEASURES_SEQUENCE, tags::SLICE_THICKNESS)
            .decimal(tags::SLICE_THICKNESS)
            .filter(|&mm| mm > 0.0);
        let rescale = self.rescale()?;
        Ok(Image {
            instance: instance.clone(),
            frame,
            plane,
            thickness,
            rescale,
            philips_slope: self.philips_slope(),
            padding: self.padding(&instance.pixels.format, rescale),
            physics,
            anatomy,
            occasion: self.occasion(),
        })
    }

    fn occasion(&self) -> Occasion {
        let content = |tag| self.holder(tags::FRAME_CONTENT_SEQUENCE, tag);
        let temporal = content(tags::TEMPORAL_POSITION_INDEX);
        Occasion {
            stack: content(tags::STACK_ID).text(tags::STACK_ID),
            in_stack: content(tags::IN_STACK_POSITION_NUMBER)
                .unsigned(tags::IN_STACK_POSITION_NUMBER),
            b_value: self
                .holder(tags::MR_DIFFUSION_SEQUENCE, tags::DIFFUSION_B_VALUE)
                .double(tags::DIFFUSION_B_VALUE)
                .map(f64::to_bits),
            temporal: temporal
                .unsigned(tags::TEMPORAL_POSITION_INDEX)
                .map(i64::from)
                .or_else(|| self.top.integer(tags::TEMPORAL_POSITION_IDENTIFIER)),
            acquisition: self.top.integer(tags::ACQUISITION_NUMBER),
            trigger: self.top.text(tags::TRIGGER_TIME),
            acquisition_time: self.top.text(tags::ACQUISITION_TIME),
            content_time: self.top.text(tags::CONTENT_TIME),
            instance_number: self.top.integer(tags::INSTANCE_NUMBER),
            series_number: self.top.integer(tags::SERIES_NUMBER),
            series_time: self.top.text(tags::SERIES_TIME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_seconds() {
        assert_eq!(time_of_day("101500"), Some(36_900.0));
        assert_eq!(time_of_day("1015"), Some(36_900.0));
        assert_eq!(time_of_day("10:15:00.250"), Some(36_900.25));
        assert_eq!(time_of_day("morning"), None);
        assert_eq!(time_of_day("1"), None);
    }
}
