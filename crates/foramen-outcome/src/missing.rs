use std::borrow::Cow;

use foramen_table::MissingCodes;

use crate::OutcomeOptions;

/// Codes of missing data that REDCap proposes to every project.
const REDCAP: [&str; 17] = [
    "NI", "INV", "UNK", "NASK", "ASKU", "NAV", "MSK", "NA", "NAVU", "NP", "QS", "QI", "TRC", "UNC",
    "DER", "PINF", "NINF",
];

/// Words that may mean "no pain" or "nothing was entered".
const NOTHING: [&str; 2] = ["nil", "none"];

/// The texts that mean "not entered" in the columns of one table.
pub(crate) struct Missing<'a> {
    /// In columns of scores.
    pub(crate) scores: MissingCodes<'a>,
    /// In columns of dates, ids and words.
    pub(crate) others: MissingCodes<'a>,
    /// In columns that are kept unchanged, where no column as a whole has to be examined.
    pub(crate) covariates: MissingCodes<'a>,
}

impl<'a> Missing<'a> {
    /// Declared codes count in every column. The usual codes do not count among scores if they are
    /// possible on the table's scale, and numeric codes do not count among covariates: 99 may be an
    /// age (see [`crate::plausible`]).
    pub(crate) fn of(options: &'a OutcomeOptions, redcap: bool) -> Self {
        let declared = options.codes_are_declared;
        let scale = options.mapping.scale.map_or(10.0, f64::from);
        let of_redcap = REDCAP.iter().filter(|_| redcap).map(|code| Cow::Borrowed(*code));
        let number = |code: &&'a String| code.parse::<f64>().ok();
        let kept = |keep: &dyn Fn(f64) -> bool| -> Vec<Cow<'a, str>> {
            let codes = options.missing_codes.iter();
            let codes = codes.filter(|code| declared || number(code).is_none_or(keep));
            codes.map(|code| Cow::Borrowed(code.as_str())).chain(of_redcap.clone()).collect()
        };
        let nothing = NOTHING.iter().filter(|_| !declared).map(|word| Cow::Borrowed(*word));
        Self {
            scores: MissingCodes::of(kept(&|code| !(0.0..=scale).contains(&code))),
            others: MissingCodes::of(kept(&|_| true).into_iter().chain(nothing).collect()),
            covariates: MissingCodes::of(kept(&|_| false)),
        }
    }
}

/// Whether a word in a column of scores may mean 0 or "not entered".
pub(crate) fn may_be_no_pain(cell: &str) -> bool {
    const ALSO: [&str; 26] = [
        "zero",
        "nul",
        "no",
        "no pain",
        "pain free",
        "pain-free",
        "painfree",
        "without pain",
        "kein",
        "keine",
        "keiner",
        "keine schmerzen",
        "schmerzfrei",
        "ninguno",
        "ninguna",
        "sin dolor",
        "aucun",
        "aucune",
        "sans douleur",
        "없음",
        "통증 없음",
        "무통",
        "無",
        "无",
        "なし",
        "無痛",
    ];
    let word = cell.to_lowercase();
    NOTHING.iter().chain(&ALSO).any(|known| *known == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mapping;

    #[test]
    fn missing_codes_match_as_text_and_as_numbers() {
        let options = OutcomeOptions::default();
        let codes = Missing::of(&options, false);
        for cell in ["", "99", "99.0", "-9", "na", "N/A", ".", "<undefined>", "#N/A"] {
            assert!(codes.scores.hold(cell), "{cell}");
        }
        for cell in ["0", "9", "9.9", "7", "x", "2024-03-31", "none", "NIL"] {
            assert!(!codes.scores.hold(cell), "{cell}");
        }
        let of = |code: &'static str| MissingCodes::of(vec![Cow::Borrowed(code)]);
        assert!(!of("555").hold("99"));
        assert!(of("9.0").hold("9"));
    }

    #[test]
    fn a_code_counts_where_it_can_be_nothing_else_or_is_declared() {
        let options = OutcomeOptions::default();
        let codes = Missing::of(&options, false);
        assert!(codes.others.hold("none") && codes.others.hold("99"));
        assert!(codes.covariates.hold("NA") && !codes.covariates.hold("99"));
        assert!(!codes.scores.hold("NASK") && Missing::of(&options, true).scores.hold("NASK"));
        let hundred = options.with_mapping(Mapping::read(&b"scale = 100"[..]).unwrap());
        let codes = Missing::of(&hundred, false);
        assert!(!codes.scores.hold("99") && codes.scores.hold("999"));
        let declared = hundred.with_missing_codes(["99", "none"]);
        let codes = Missing::of(&declared, false);
        assert!(codes.scores.hold("99") && codes.covariates.hold("99"));
        assert!(codes.scores.hold("none") && !codes.others.hold("NA"));
    }
}
