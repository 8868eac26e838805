use std::fmt;
use std::path::PathBuf;

/// Images that a DICOMDIR names and that are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AbsentImages {
    /// How many.
    pub images: usize,
    /// How many it names.
    pub of: usize,
    /// The first of them, from the folder of the DICOMDIR.
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
