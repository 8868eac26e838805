use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use foramen_image::{Contrast, Slice};
use jiff::civil::Date;

use crate::protocol::{Series, SeriesKind};
use crate::seed::uid;
use crate::subject::Plan;

type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// One slice as a classic MR image (PS3.3 A.4), Explicit VR Little Endian: the
/// bytes of the file.
pub(crate) fn encode(
    plan: &Plan,
    series: &Series,
    slice: &Slice,
    number: usize,
    study_date: Date,
) -> Result<Vec<u8>, Refusal> {
    let mut object = Object(InMemDicomObject::new_empty());
    // A stack may have turned the order of its slices: each knows its own name.
    let instance_uid = slice.source.as_ref().map_or_else(
        || plan.instance_uid(series, number),
        |source| source.sop_instance_uid.clone(),
    );
    let number = u32::try_from(number + 1)?;
    patient(&mut object, plan, study_date);
    object.text(tags::SOP_CLASS_UID, VR::UI, uids::MR_IMAGE_STORAGE);
    object.text(tags::SOP_INSTANCE_UID, VR::UI, &instance_uid);
    object.text(tags::SERIES_INSTANCE_UID, VR::UI, &plan.series_uid(series));
    let frame = uid(plan.seed, plan.index, "frame of reference", 0);
    object.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, &frame);
    object.text(tags::POSITION_REFERENCE_INDICATOR, VR::LO, "");
    object.text(tags::INSTANCE_NUMBER, VR::IS, &number.to_string());
    acquisition(&mut object, series);
    object.text(tags::MAGNETIC_FIELD_STRENGTH, VR::DS, &decimal(plan.protocol.field, 1));
    geometry(&mut object, slice);
    pixels(&mut object, slice);
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    let mut bytes = Vec::new();
    object.0.with_meta(meta)?.write_all(&mut bytes)?;
    Ok(bytes)
}

/// Patient, study, equipment. The name shows that the patient is not real.
fn patient(object: &mut Object, plan: &Plan, study_date: Date) {
    let date = study_date.strftime("%Y%m%d").to_string();
    for tag in [tags::STUDY_DATE, tags::SERIES_DATE, tags::ACQUISITION_DATE, tags::CONTENT_DATE] {
        object.text(tag, VR::DA, &date);
    }
    object.text(tags::STUDY_TIME, VR::TM, "120000");
    object.text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192");
    object.text(tags::ACCESSION_NUMBER, VR::SH, "");
    object.text(tags::REFERRING_PHYSICIAN_NAME, VR::PN, "");
    object.text(tags::PATIENT_NAME, VR::PN, "PHANTOM");
    object.text(tags::PATIENT_ID, VR::LO, &plan.id);
    object.text(tags::PATIENT_BIRTH_DATE, VR::DA, "");
    object.text(tags::PATIENT_SEX, VR::CS, plan.course.sex);
    object.text(tags::PATIENT_AGE, VR::AS, &format!("{:03}Y", plan.course.age));
    object.text(tags::PATIENT_POSITION, VR::CS, "HFS");
    object.text(tags::STUDY_INSTANCE_UID, VR::UI, &uid(plan.seed, plan.index, "study", 0));
    object.text(tags::STUDY_ID, VR::SH, "1");
    object.text(tags::STUDY_DESCRIPTION, VR::LO, "MR cervical spine");
    object.text(tags::MANUFACTURER, VR::LO, "foramen");
    object.text(tags::MANUFACTURER_MODEL_NAME, VR::LO, "foramen-phantom");
    object.text(tags::SOFTWARE_VERSIONS, VR::LO, env!("CARGO_PKG_VERSION"));
    object.text(tags::MODALITY, VR::CS, "MR");
    object.text(tags::BODY_PART_EXAMINED, VR::CS, "CSPINE");
}

/// Acquisition parameters of the series (MR Image Module, PS3.3 C.8.3.1).
fn acquisition(object: &mut Object, series: &Series) {
    let star = series.contrast == Contrast::T2Star;
    let (number, description, sequence, variant, kind) = match series.kind {
        SeriesKind::Scout => ("1", "Localizer", "GR", "SS", "ORIGINAL\\PRIMARY\\LOCALIZER"),
        SeriesKind::Sagittal => ("2", "T2 TSE SAG", "SE", "SK", "ORIGINAL\\PRIMARY\\M\\SE"),
        SeriesKind::Axial if star => ("3", "T2* GRE TRA", "GR", "SP", "ORIGINAL\\PRIMARY\\M\\FFE"),
        SeriesKind::Axial => ("3", "T2 TSE TRA", "SE", "SK", "ORIGINAL\\PRIMARY\\M\\SE"),
        SeriesKind::Volume => ("2", "T2 SPACE SAG ISO", "SE", "SK", "ORIGINAL\\PRIMARY\\M\\SE"),
    };
    let name = match (series.kind, star) {
        (SeriesKind::Scout, _) => "*fl2d1",
        (SeriesKind::Volume, _) => "*spc3d1",
        (_, true) => "*fl2d3m",
        _ => "*tse2d1",
    };
    object.text(tags::SERIES_NUMBER, VR::IS, number);
    object.text(tags::SERIES_DESCRIPTION, VR::LO, description);
    object.text(tags::PROTOCOL_NAME, VR::LO, description);
    object.text(tags::SEQUENCE_NAME, VR::SH, name);
    object.text(tags::SCANNING_SEQUENCE, VR::CS, sequence);
    object.text(tags::SEQUENCE_VARIANT, VR::CS, variant);
    object.text(tags::SCAN_OPTIONS, VR::CS, "");
    object.text(tags::IMAGE_TYPE, VR::CS, kind);
    let dimensions = if series.kind == SeriesKind::Volume { "3D" } else { "2D" };
    object.text(tags::MR_ACQUISITION_TYPE, VR::CS, dimensions);
    object.text(tags::REPETITION_TIME, VR::DS, &decimal(series.repetition_time, 1));
    object.text(tags::ECHO_TIME, VR::DS, &decimal(series.echo_time, 1));
    object.text(tags::FLIP_ANGLE, VR::DS, &decimal(series.flip_angle, 0));
    object.text(tags::ECHO_TRAIN_LENGTH, VR::IS, &series.echo_train.to_string());
    object.text(tags::NUMBER_OF_AVERAGES, VR::DS, "2");
    object.text(tags::ECHO_NUMBERS, VR::IS, "1");
    object.text(tags::SLICE_THICKNESS, VR::DS, &decimal(series.thickness, 2));
    object.text(tags::SPACING_BETWEEN_SLICES, VR::DS, &decimal(series.pitch, 2));
}

/// Position and orientation of the image (Image Plane Module, PS3.3 C.7.6.2).
fn geometry(object: &mut Object, slice: &Slice) {
    let plane = slice.plane();
    let spacing = plane.spacing();
    let (at, row, column) = (plane.origin(), plane.along_row(), plane.along_column());
    let list = |values: &[f64], places: usize| {
        values.iter().map(|value| decimal(*value, places)).collect::<Vec<_>>().join("\\")
    };
    object.text(tags::PIXEL_SPACING, VR::DS, &list(&[spacing.row, spacing.column], 4));
    object.text(tags::IMAGE_POSITION_PATIENT, VR::DS, &list(&[at.x, at.y, at.z], 4));
    let cosines = [row.x, row.y, row.z, column.x, column.y, column.z];
    object.text(tags::IMAGE_ORIENTATION_PATIENT, VR::DS, &list(&cosines, 7));
    let normal = plane.normal();
    let location = at.x * normal.x + at.y * normal.y + at.z * normal.z;
    object.text(tags::SLICE_LOCATION, VR::DS, &decimal(location, 3));
}

fn pixels(object: &mut Object, slice: &Slice) {
    let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    object.number(tags::SAMPLES_PER_PIXEL, 1);
    object.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    object.number(tags::ROWS, short(slice.rows()));
    object.number(tags::COLUMNS, short(slice.columns()));
    object.number(tags::BITS_ALLOCATED, 16);
    object.number(tags::BITS_STORED, 12);
    object.number(tags::HIGH_BIT, 11);
    object.number(tags::PIXEL_REPRESENTATION, 0);
    let most = slice.pixels().iter().fold(0f32, |most, value| most.max(*value));
    object.text(tags::WINDOW_CENTER, VR::DS, &decimal(f64::from(most) * 0.4, 0));
    object.text(tags::WINDOW_WIDTH, VR::DS, &decimal(f64::from(most) * 0.8, 0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the values are whole numbers from 0 to 4095"
    )]
    let stored: Vec<u16> = slice.pixels().iter().map(|value| *value as u16).collect();
    let value = PrimitiveValue::U16(stored.into());
    object.0.put(DataElement::new(tags::PIXEL_DATA, VR::OW, value));
}

/// A data set that is filled one element at a time.
struct Object(InMemDicomObject);

impl Object {
    /// A text, or several separated by backslashes.
    fn text(&mut self, tag: Tag, vr: VR, value: &str) {
        let parts: Vec<&str> = value.split('\\').collect();
        let value = match parts.as_slice() {
            [""] => PrimitiveValue::Empty,
            [one] => PrimitiveValue::from(*one),
            several => {
                PrimitiveValue::Strs(several.iter().map(|part| (*part).to_owned()).collect())
            }
        };
        self.0.put(DataElement::new(tag, vr, value));
    }

    fn number(&mut self, tag: Tag, value: u16) {
        self.0.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
}

/// A decimal string (VR DS, at most 16 characters).
fn decimal(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    // A rounded −0 is no other number than 0.
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        return text.trim_start_matches('-').to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CohortConfig;

    #[test]
    fn a_written_slice_is_read_back_with_its_geometry() {
        let plan = Plan::draw(&CohortConfig::default(), 0);
        let series = &plan.protocol.scout;
        let stacks = plan.stacks(series);
        let slice = &stacks[0].slices()[0];
        let date = jiff::civil::date(2020, 3, 4);
        let bytes = encode(&plan, series, slice, 0, date).unwrap();
        let file = dicom_object::from_reader(bytes.as_slice()).unwrap();
        let numbers = |tag| file.element(tag).unwrap().to_multi_float64().unwrap();
        let at = slice.plane().origin();
        assert_eq!(numbers(tags::IMAGE_POSITION_PATIENT), [at.x, at.y, at.z]);
        assert_eq!(numbers(tags::IMAGE_ORIENTATION_PATIENT), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        let text = |tag| file.element(tag).unwrap().to_str().unwrap().to_string();
        assert_eq!(text(tags::PATIENT_ID), "P0001");
        assert_eq!(text(tags::STUDY_DATE), "20200304");
        let stored = file.element(tags::PIXEL_DATA).unwrap().to_multi_int::<u16>().unwrap();
        let stored: Vec<f32> = stored.into_iter().map(f32::from).collect();
        assert!(stored.iter().eq(slice.pixels()));
    }

    #[test]
    fn decimals_have_no_negative_zero() {
        assert_eq!(decimal(-0.000_000_01, 7), "0.0000000");
        assert_eq!(decimal(-0.5, 1), "-0.5");
        assert!(decimal(-1_234.567_89, 4).len() <= 16);
    }
}
