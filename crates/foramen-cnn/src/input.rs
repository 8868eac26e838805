//! Images as a network takes them, and how a training varies them.

pub(crate) mod augment;
pub(crate) mod blur;
pub(crate) mod images;
pub(crate) mod mixing;
