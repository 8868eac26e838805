use std::collections::BTreeMap;

use crate::Remark;
use crate::covariates::{TextId, Texts};
use crate::row::Row;

/// Numbers that mean "not entered" in clinical tables, but may be real values.
const CODES: [f64; 16] = [
    777.0, 888.0, 999.0, 7777.0, 8888.0, 9999.0, -1.0, -7.0, -8.0, -9.0, -77.0, -88.0, -99.0,
    -777.0, -888.0, -999.0,
];

/// Statistics of the cells of one covariate.
#[derive(Default)]
struct Column {
    /// Filled cells that are not codes.
    filled: usize,
    numbers: usize,
    /// Least of the numbers that are not codes.
    least: Option<f64>,
    most: Option<f64>,
    /// Codes, each with the number of its cells.
    codes: BTreeMap<TextId, (f64, usize)>,
}

/// Removes numbers from covariates that mean "not entered" or are impossible, and adds a remark. A
/// code means "not entered" if the other numbers of its column are far from it: 999 if none is
/// above 499, −9 if none is negative. If codes are declared (`declared`), only those count.
pub(crate) fn judge(
    rows: &mut [Row],
    names: &[String],
    texts: &Texts,
    declared: bool,
) -> Vec<Remark> {
    let numbers: Vec<Option<f64>> = texts.iter().map(number).collect();
    let known = |name: &String| range(name).is_some();
    let is_code = |number: f64| !declared && CODES.iter().any(|code| (code - number).abs() < 1e-9);
    if !names.iter().any(known) && !numbers.iter().flatten().any(|number| is_code(*number)) {
        return Vec::new();
    }
    let mut columns: Vec<Column> = Vec::new();
    columns.resize_with(names.len(), Column::default);
    for (place, text) in rows.iter().flat_map(|row| row.told.covariates.iter()) {
        let column = &mut columns[usize::from(*place)];
        match numbers[text.place()] {
            Some(number) if is_code(number) => {
                column.codes.entry(*text).or_insert((number, 0)).1 += 1;
            }
            Some(number) => {
                (column.filled, column.numbers) = (column.filled + 1, column.numbers + 1);
                column.least = Some(column.least.map_or(number, |least| least.min(number)));
                column.most = Some(column.most.map_or(number, |most| most.max(number)));
            }
            None => column.filled += 1,
        }
    }
    let mut remarks = Vec::new();
    let mut out: BTreeMap<(u16, TextId), ()> = BTreeMap::new();
    for ((place, name), column) in (0..).zip(names).zip(&columns) {
        let bounds = range(name);
        let numeric = 2 * column.numbers > column.filled || bounds.is_some();
        for (text, (code, n)) in &column.codes {
            let apart = if *code < 0.0 {
                column.least.map(|least| least >= 0.0)
            } else {
                column.most.map(|most| 2.0 * most < *code)
            };
            let impossible = bounds.is_some_and(|(least, most)| !(least..=most).contains(code));
            if impossible || numeric && apart.unwrap_or(false) {
                out.insert((place, *text), ());
                let (column, code) = (name.clone(), texts.text(*text).to_owned());
                remarks.push(Remark::MissingCode { column, code, n: *n });
            }
        }
    }
    let mut odd: BTreeMap<u16, (Vec<u64>, TextId)> = BTreeMap::new();
    let bounds: Vec<Option<(f64, f64)>> = names.iter().map(|name| range(name)).collect();
    for row in rows.iter_mut() {
        let outside = |(place, text): &(u16, TextId)| {
            let value = numbers[text.place()];
            let range = bounds[usize::from(*place)];
            value.zip(range).is_some_and(|(value, (least, most))| !(least..=most).contains(&value))
        };
        let dropped = |cell: &(u16, TextId)| out.contains_key(cell) || outside(cell);
        if !row.told.covariates.iter().any(dropped) {
            continue;
        }
        for cell in row.told.covariates.iter() {
            if outside(cell) && !out.contains_key(cell) {
                let (lines, _) = odd.entry(cell.0).or_insert((Vec::new(), cell.1));
                lines.push(row.line);
            }
        }
        row.told.covariates =
            row.told.covariates.iter().filter(|cell| !dropped(cell)).copied().collect();
    }
    remarks.extend(odd.into_iter().map(|(place, (mut rows, example))| {
        rows.sort_unstable();
        rows.dedup();
        let (column, value) = (names[usize::from(place)].clone(), texts.text(example).to_owned());
        Remark::Implausible { column, value, rows }
    }));
    remarks
}

/// The possible values of a quantity, by its column name.
fn range(name: &str) -> Option<(f64, f64)> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |known: &[&str]| known.iter().any(|known| words.contains(known) || name == *known);
    if has(&["age", "alter", "나이", "연령", "年龄", "年齢", "年齡", "edad", "âge"]) {
        Some((0.0, 120.0))
    } else if has(&["duration", "dauer", "durée", "duración", "기간", "病程", "罹病期間"])
    {
        Some((0.0, f64::INFINITY))
    } else {
        None
    }
}

fn number(text: &str) -> Option<f64> {
    let number = match text.parse::<f64>() {
        Ok(number) => number,
        Err(_) if text.matches(',').count() == 1 => text.replace(',', ".").parse().ok()?,
        Err(_) => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_durations_have_a_range_in_any_language() {
        for name in ["age", "Age at injection", "Alter", "나이", "age_years"] {
            assert_eq!(range(name), Some((0.0, 120.0)), "{name}");
        }
        assert!(range("duration_weeks").is_some());
        for name in ["stage", "dosage", "percentage", "site"] {
            assert_eq!(range(name), None, "{name}");
        }
    }

    #[test]
    fn numbers_have_a_point_or_a_comma() {
        assert_eq!((number("61,5"), number("-9"), number("x")), (Some(61.5), Some(-9.0), None));
        assert_eq!((number("inf"), number("1,2,3")), (None, None));
    }
}
