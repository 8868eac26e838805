//! The evaluation of a study as JSON and as one self-contained HTML page.
