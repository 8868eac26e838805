use std::borrow::Cow;

/// Whether a spreadsheet would run a cell as a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '@'])
        || cell.starts_with('-') && cell.len() > 1 && cell.parse::<f64>().is_err()
}

/// A cell with an apostrophe in front if a spreadsheet would run it as a formula: ids and reasons
/// come from other people's tables.
#[must_use]
pub fn inert(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The cell without the apostrophe added by [`inert`].
#[must_use]
pub fn restored(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_is_a_formula_is_written_so_that_it_is_none_and_read_back() {
        for cell in ["=HYPERLINK(\"x\")", "+1+1", "@SUM(A1)", "-cmd"] {
            assert_eq!(inert(cell), format!("'{cell}"));
            assert_eq!(restored(&inert(cell)), cell);
        }
        for cell in ["-2.5", "S1", "", "-", "'quoted", "C5/6"] {
            assert_eq!((&*inert(cell), restored(cell)), (cell, cell));
        }
    }
}
