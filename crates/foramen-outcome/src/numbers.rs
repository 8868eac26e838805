use std::collections::{BTreeMap, BTreeSet};

use crate::{Episode, OutcomeError, OutcomeOptions, Outcomes};

/// Larger numbers are data errors; after standardisation they would hide all other values.
const LARGEST: f64 = 1e12;

/// The only number of each episode that is not a covariate.
const BASELINE: &str = "nrs_baseline";

impl Outcomes {
    /// The numbers in these covariates (or in `nrs_baseline`), by the first row of
    /// each episode; `None` where the cell is blank or holds a word of
    /// [`OutcomeOptions::missing_codes`]. Names match in either case.
    ///
    /// ```
    /// use foramen_outcome::{OutcomeOptions, read};
    ///
    /// let table = "\
    /// subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,age
    /// S1,C5/6,left,2024-03-01,7,2024-04-30,3.5,61
    /// S2,C6/7,right,2024-03-02,7,2024-05-01,4,NA
    /// ";
    /// let options = OutcomeOptions::default();
    /// let numbers = read(table.as_bytes(), &options)?.covariate_numbers(&["age".to_owned()], &options)?;
    /// assert_eq!(numbers[&2]["age"], Some(61.0));
    /// assert_eq!(numbers[&3]["age"], None);
    /// # Ok::<(), foramen_outcome::OutcomeError>(())
    /// ```
    ///
    /// # Errors
    /// [`OutcomeError::NoNumber`] for a cell that holds anything else, [`OutcomeError::HugeNumber`]
    /// for a number beyond 10¹², and [`OutcomeError::NoCovariate`] for a name under which no
    /// episode has a value.
    pub fn covariate_numbers(
        &self,
        names: &[String],
        options: &OutcomeOptions,
    ) -> Result<BTreeMap<u64, BTreeMap<String, Option<f64>>>, OutcomeError> {
        for name in names {
            let known = |episode: &Episode| text(episode, name).is_some();
            if !self.episodes.iter().any(known) {
                let names = self.episodes.iter().flat_map(|episode| episode.covariates.iter());
                let names: BTreeSet<&str> = names.map(|(name, _)| name).chain([BASELINE]).collect();
                let found = names.into_iter().map(str::to_owned).collect();
                return Err(OutcomeError::NoCovariate { name: name.clone(), found });
            }
        }
        let of_episode = |episode: &Episode| {
            let numbers = names.iter().map(|name| {
                let number = number(text(episode, name).as_deref(), options);
                let number = number.map_err(|value| OutcomeError::NoNumber {
                    rows: episode.rows.clone(),
                    column: name.clone(),
                    value,
                })?;
                if let Some(value) = number.filter(|number| number.abs() > LARGEST) {
                    let rows = episode.rows.clone();
                    return Err(OutcomeError::HugeNumber { rows, column: name.clone(), value });
                }
                Ok((name.clone(), number))
            });
            Ok((episode.rows[0], numbers.collect::<Result<_, OutcomeError>>()?))
        };
        self.episodes.iter().map(of_episode).collect()
    }
}

/// The value of an episode under a name.
fn text(episode: &Episode, name: &str) -> Option<String> {
    if name.eq_ignore_ascii_case(BASELINE) {
        return Some(episode.nrs_baseline.get().to_string());
    }
    let named = |(other, _): &(&str, &str)| other.eq_ignore_ascii_case(name);
    episode.covariates.iter().find(named).map(|(_, text)| text.to_owned())
}

/// The number in a cell, `None` if the cell is blank or means "missing". Any other text is returned
/// as the error.
fn number(cell: Option<&str>, options: &OutcomeOptions) -> Result<Option<f64>, String> {
    let Some(cell) = cell.map(str::trim).filter(|cell| !cell.is_empty()) else { return Ok(None) };
    match cell.replace(',', ".").parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        _ if options.missing_codes.iter().any(|code| code.eq_ignore_ascii_case(cell)) => Ok(None),
        _ => Err(cell.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    fn numbers(
        age: &str,
        names: &[&str],
    ) -> Result<BTreeMap<u64, BTreeMap<String, Option<f64>>>, OutcomeError> {
        let table = format!(
            "subject_id;level;side;injection_date;nrs_baseline;followup_date;nrs_followup;Age\n\
             S1;C5/6;left;2024-03-01;7;2024-04-30;3;{age}\n\
             S2;C5/6;left;2024-03-01;6;2024-04-30;3;50\n"
        );
        let options = OutcomeOptions::default();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        read(table.as_bytes(), &options)?.covariate_numbers(&names, &options)
    }

    #[test]
    fn numbers_are_numbers_also_where_they_mean_missing_elsewhere() {
        for (cell, expected) in [("61,5", Some(61.5)), ("99", Some(99.0)), ("", None), ("na", None)]
        {
            assert_eq!(numbers(cell, &["age"]).unwrap()[&2]["age"], expected, "{cell}");
        }
        let both = numbers("61", &["age", "nrs_baseline"]).unwrap();
        assert_eq!(both[&3]["nrs_baseline"], Some(6.0));
    }

    #[test]
    fn text_is_refused_with_its_place() {
        let error = numbers("old", &["age"]).unwrap_err().to_string();
        assert!(error.contains("row 2") && error.contains("age = \"old\""), "{error}");
        let error = numbers("inf", &["age"]).unwrap_err().to_string();
        assert!(error.contains("\"inf\""), "{error}");
        // An age that nobody has is missing, and said; of a dose nobody can tell.
        assert_eq!(numbers("1e308", &["age"]).unwrap()[&2]["age"], None);
        for huge in ["1e308", "-4e12"] {
            let table = format!(
                "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,dose\n\
                 S1,C5/6,left,2024-03-01,7,2024-04-30,3,{huge}\n"
            );
            let options = OutcomeOptions::default();
            let outcomes = read(table.as_bytes(), &options).unwrap();
            let error = outcomes.covariate_numbers(&["dose".to_owned()], &options).unwrap_err();
            let error = error.to_string();
            assert!(error.contains("row 2") && error.contains("dose ="), "{error}");
            assert!(error.contains("larger than any measurement"), "{error}");
        }
    }

    #[test]
    fn a_name_that_nothing_is_under_is_refused_with_those_there_are() {
        let error = numbers("61", &["nrs_followup"]).unwrap_err().to_string();
        assert!(error.contains("\"nrs_followup\"") && error.contains("Age, nrs_base"), "{error}");
    }
}
