use dicom_core::Tag;
use dicom_dictionary_std::tags as t;

/// The plain attributes that are read, at the top of the data set or inside a
/// functional group. Patient name and every other identifying attribute are not
/// among them, so they are never held in memory; sex, birth date and age are
/// compared within one scan and dropped (`person.rs`).
const PLAIN: [Tag; 79] = [
    t::SPECIFIC_CHARACTER_SET,
    t::SOP_CLASS_UID,
    t::SOP_INSTANCE_UID,
    t::STUDY_INSTANCE_UID,
    t::SERIES_INSTANCE_UID,
    t::FRAME_OF_REFERENCE_UID,
    t::PATIENT_ID,
    t::PATIENT_SEX,
    t::PATIENT_BIRTH_DATE,
    t::PATIENT_AGE,
    t::MODALITY,
    t::STUDY_DATE,
    t::SERIES_DATE,
    t::ACQUISITION_DATE,
    t::ACQUISITION_DATE_TIME,
    t::CONTENT_DATE,
    t::IMAGE_TYPE,
    t::SCAN_OPTIONS,
    t::SPECTRALLY_SELECTED_SUPPRESSION,
    t::SERIES_NUMBER,
    t::SERIES_TIME,
    t::FRAME_TYPE,
    t::COMPLEX_IMAGE_COMPONENT,
    t::SERIES_DESCRIPTION,
    t::PROTOCOL_NAME,
    t::SEQUENCE_NAME,
    t::PULSE_SEQUENCE_NAME,
    t::SCANNING_SEQUENCE,
    t::SEQUENCE_VARIANT,
    t::ECHO_PULSE_SEQUENCE,
    t::ECHO_PLANAR_PULSE_SEQUENCE,
    t::INVERSION_RECOVERY,
    t::ACQUISITION_CONTRAST,
    t::ECHO_TIME,
    t::EFFECTIVE_ECHO_TIME,
    t::REPETITION_TIME,
    t::INVERSION_TIME,
    t::INVERSION_TIMES,
    t::FLIP_ANGLE,
    t::ECHO_TRAIN_LENGTH,
    t::RF_ECHO_TRAIN_LENGTH,
    t::ECHO_NUMBERS,
    t::DIFFUSION_B_VALUE,
    t::TEMPORAL_POSITION_IDENTIFIER,
    t::TEMPORAL_POSITION_INDEX,
    t::ACQUISITION_NUMBER,
    t::ACQUISITION_TIME,
    t::TRIGGER_TIME,
    t::CONTENT_TIME,
    t::INSTANCE_NUMBER,
    t::STACK_ID,
    t::IN_STACK_POSITION_NUMBER,
    t::SLICE_THICKNESS,
    t::PIXEL_SPACING,
    t::IMAGE_POSITION_PATIENT,
    t::IMAGE_ORIENTATION_PATIENT,
    t::ROWS,
    t::COLUMNS,
    t::SAMPLES_PER_PIXEL,
    t::PHOTOMETRIC_INTERPRETATION,
    t::PLANAR_CONFIGURATION,
    t::NUMBER_OF_FRAMES,
    t::BITS_ALLOCATED,
    t::BITS_STORED,
    t::HIGH_BIT,
    t::PIXEL_REPRESENTATION,
    t::RESCALE_SLOPE,
    t::RESCALE_INTERCEPT,
    t::BODY_PART_EXAMINED,
    t::RECEIVE_COIL_NAME,
    t::STUDY_DESCRIPTION,
    t::CODE_VALUE,
    t::PIXEL_PADDING_VALUE,
    t::PIXEL_PADDING_RANGE_LIMIT,
    t::PATIENT_POSITION,
    t::FRAME_ACQUISITION_NUMBER,
    t::MANUFACTURER,
    t::MANUFACTURER_MODEL_NAME,
    t::MAGNETIC_FIELD_STRENGTH,
];

/// The sequences that are followed: the functional groups of enhanced MR
/// (PS3.3 C.7.6.16 and C.8.13.5), shared or per frame.
const SEQUENCES: [Tag; 17] = [
    t::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
    t::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    t::PLANE_POSITION_SEQUENCE,
    t::PLANE_ORIENTATION_SEQUENCE,
    t::PIXEL_MEASURES_SEQUENCE,
    t::FRAME_CONTENT_SEQUENCE,
    t::MR_IMAGE_FRAME_TYPE_SEQUENCE,
    t::MR_ECHO_SEQUENCE,
    t::MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE,
    t::MR_MODIFIER_SEQUENCE,
    t::MR_DIFFUSION_SEQUENCE,
    t::PIXEL_VALUE_TRANSFORMATION_SEQUENCE,
    t::CARDIAC_SYNCHRONIZATION_SEQUENCE,
    t::ANATOMIC_REGION_SEQUENCE,
    t::FRAME_ANATOMY_SEQUENCE,
    t::MR_RECEIVE_COIL_SEQUENCE,
    PHILIPS_FRAME,
];

/// The private attributes that are read, each with the creator of its block.
pub(crate) const SIEMENS_CREATOR: Tag = Tag(0x0019, 0x0010);
/// Number of slices in a mosaic.
pub(crate) const SIEMENS_TILES: Tag = Tag(0x0019, 0x100A);
pub(crate) const PHILIPS_CREATOR: Tag = Tag(0x2005, 0x0010);
/// The private scale slope.
pub(crate) const PHILIPS_SLOPE: Tag = Tag(0x2005, 0x100E);
/// Philips' private attributes of each frame of an enhanced object.
pub(crate) const PHILIPS_FRAME: Tag = Tag(0x2005, 0x140F);

/// Which attributes of a header are kept.
pub(crate) struct Keep {
    pub(crate) wanted: fn(Tag) -> bool,
    /// Called where the encoding does not state it (implicit VR).
    pub(crate) is_sequence: fn(Tag) -> bool,
    /// Whether the beginning of a value that is too long is kept, instead of refusing the value.
    pub(crate) begin_of_long_values: bool,
}

/// The attributes of an image and its position.
pub(crate) const IMAGE: Keep = Keep { wanted, is_sequence, begin_of_long_values: false };

fn wanted(tag: Tag) -> bool {
    // Most elements of a real header are of other groups: decide those first.
    match tag.group() {
        0x0008 | 0x0010 | 0x0018 | 0x0020 | 0x0028 | 0x5200 => {
            SORTED_PLAIN.binary_search(&number(tag)).is_ok() || is_sequence(tag)
        }
        0x0019 => tag == SIEMENS_CREATOR || tag == SIEMENS_TILES,
        0x2005 => [PHILIPS_CREATOR, PHILIPS_SLOPE, PHILIPS_FRAME].contains(&tag),
        _ => false,
    }
}

fn is_sequence(tag: Tag) -> bool {
    SEQUENCES.contains(&tag)
}

/// The plain attributes in order: each element of each file is looked up in them.
const SORTED_PLAIN: [u32; PLAIN.len()] = sorted();

const fn sorted() -> [u32; PLAIN.len()] {
    let mut numbers = [0; PLAIN.len()];
    let mut index = 0;
    while index < PLAIN.len() {
        let new = number(PLAIN[index]);
        let mut at = index;
        while at > 0 && numbers[at - 1] > new {
            numbers[at] = numbers[at - 1];
            at -= 1;
        }
        numbers[at] = new;
        index += 1;
    }
    numbers
}

const fn number(tag: Tag) -> u32 {
    (tag.0 as u32) << 16 | tag.1 as u32
}
