use thiserror::Error;

/// Why pixels and geometry do not make an image.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The two in-plane directions are not unit vectors at right angles.
    #[error(
        "row and column directions are not orthonormal (lengths {row_length:.4} and \
         {column_length:.4}, scalar product {product:.4})"
    )]
    NotOrthonormal {
        /// Length of the direction along a row.
        row_length: f64,
        /// Length of the direction along a column.
        column_length: f64,
        /// Their scalar product.
        product: f64,
    },
    /// A spacing is zero, negative or not finite.
    #[error(
        "the pixel spacing {row} × {column} mm (between rows × between columns) is not positive"
    )]
    Spacing {
        /// Distance between rows, millimetres.
        row: f64,
        /// Distance between columns, millimetres.
        column: f64,
    },
    /// A thickness is zero, negative or not finite.
    #[error("a slice thickness of {thickness} mm is not positive; give None where it is not known")]
    Thickness {
        /// The thickness given, millimetres.
        thickness: f64,
    },
    /// A coordinate is not finite.
    #[error("the position of the image in the patient is not finite")]
    Position,
    /// The number of values is not rows × columns, or there are none.
    #[error("{values} values do not fill {rows} rows × {columns} columns")]
    Shape {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
        /// Number of values given.
        values: usize,
    },
    /// A stack has no slices.
    #[error("a stack needs at least one slice")]
    EmptyStack,
    /// Two slices of a stack are not parallel or have different shapes.
    #[error("slice {slice} differs from slice 0 in {what}; a stack has one orientation and shape")]
    Uneven {
        /// Index of the slice, in the order given.
        slice: usize,
        /// What differs.
        what: &'static str,
    },
    /// A PNG could not be written.
    #[error("could not encode a PNG")]
    Png(#[from] png::EncodingError),
}
