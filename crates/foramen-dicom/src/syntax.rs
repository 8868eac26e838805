use dicom_dictionary_std::uids;

/// Retired in 2006, but still in use.
const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";

/// A transfer syntax by its UID (PS3.5 chapter 10, PS3.6 table A-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Syntax(String);

/// The encoding of the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// Uncompressed, or deflated with the data set.
    Native,
    RunLength,
    /// JPEG: baseline, extended, lossless.
    Jpeg,
    JpegLs,
    /// JPEG 2000 or high-throughput JPEG 2000.
    Jpeg2000,
    JpegXl,
    /// Not supported.
    Unknown,
}

impl Syntax {
    pub(crate) fn new(uid: &str) -> Self {
        Self(uid.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
    }

    pub(crate) fn implicit_little_endian() -> Self {
        Self::new(uids::IMPLICIT_VR_LITTLE_ENDIAN)
    }

    pub(crate) fn explicit_little_endian() -> Self {
        Self::new(uids::EXPLICIT_VR_LITTLE_ENDIAN)
    }

    pub(crate) fn explicit_big_endian() -> Self {
        Self::new(EXPLICIT_VR_BIG_ENDIAN)
    }

    pub(crate) fn uid(&self) -> &str {
        &self.0
    }

    /// Every transfer syntax but one is explicit (PS3.5 A.1).
    pub(crate) fn is_explicit(&self) -> bool {
        self.0 != uids::IMPLICIT_VR_LITTLE_ENDIAN
    }

    pub(crate) fn is_big_endian(&self) -> bool {
        self.0 == EXPLICIT_VR_BIG_ENDIAN
    }

    pub(crate) fn is_deflated(&self) -> bool {
        self.0 == uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
    }

    /// The lossy process of JPEG that has 8 or 12 bits.
    pub(crate) fn is_extended_jpeg(&self) -> bool {
        self.0 == uids::JPEG_EXTENDED12_BIT
    }

    pub(crate) fn coding(&self) -> Coding {
        match self.0.as_str() {
            uids::IMPLICIT_VR_LITTLE_ENDIAN
            | uids::EXPLICIT_VR_LITTLE_ENDIAN
            | EXPLICIT_VR_BIG_ENDIAN
            | uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN => Coding::Native,
            uids::RLE_LOSSLESS => Coding::RunLength,
            uids::JPEG_BASELINE8_BIT
            | uids::JPEG_EXTENDED12_BIT
            | uids::JPEG_LOSSLESS
            | uids::JPEG_LOSSLESS_SV1 => Coding::Jpeg,
            uids::JPEGLS_LOSSLESS | uids::JPEGLS_NEAR_LOSSLESS => Coding::JpegLs,
            uids::JPEG2000_LOSSLESS
            | uids::JPEG2000
            | uids::HTJ2K_LOSSLESS
            | uids::HTJ2K_LOSSLESS_RPCL
            | uids::HTJ2K => Coding::Jpeg2000,
            uids::JPEGXL_LOSSLESS | uids::JPEGXLJPEG_RECOMPRESSION | uids::JPEGXL => Coding::JpegXl,
            _ => Coding::Unknown,
        }
    }
}
