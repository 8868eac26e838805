/// The size stated in a compressed image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodedSize {
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    pub(crate) components: u32,
    /// Bits of a value.
    pub(crate) precision: u32,
    /// JPEG with a loss (baseline, extended or progressive).
    pub(crate) lossy_jpeg: bool,
}
