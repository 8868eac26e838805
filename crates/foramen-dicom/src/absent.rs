use std::fmt;
use std::path::PathBuf;

/// Images that a DICOMDIR names and that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AbsentImages {
    /// Number of missing images.
    pub images: usize,
    /// Number of images that it names.
    pub of: usize,
    /// The first missing image, relative to the folder of the DICOMDIR.
    pub first: PathBuf,
}

impl fmt::Display for AbsentImages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { images, of, first } = self;
        let first = first.display();
        if images == of {
            return write!(
                f,
                "none of the {of} images that it names is here, the first {first}; unless these \
                 are under other names, copy the whole medium"
            );
        }
        write!(
            f,
            "{images} of the {of} images that it names are not here, the first {first}; copy the \
             medium again"
        )
    }
}
