//! Kind 6: a mapping is drafted from a table, and one row is followed.

use foramen_outcome::{Mapping, OutcomeOptions, draft_mapping, explain};

use super::*;

/// The eight under the header of a clinic, with its words for the sides.
fn foreign(header: &str, left: &str, right: &str) -> String {
    base(header, |row| {
        row.replace(",left,", &format!(",{left},")).replace(",right,", &format!(",{right},"))
    })
}

#[test]
fn a_drafted_mapping_labels_tables_of_seven_languages() {
    for (header, left, right) in [
        ("Patient,Level,Side,Date of injection,NRS before,Visit date,NRS after,Age,Sex", "L", "R"),
        (
            "Patient-Nr,Höhe,Seite,Infiltration am,NRS vor,Kontrolle am,NRS nach,Alter,Geschlecht",
            "li",
            "re",
        ),
        ("환자번호,부위,방향,시술일,시술 전 NRS,추적일,시술 후 NRS,나이,성별", "좌", "우"),
        ("患者编号,节段,侧别,注射日期,治疗前NRS,随访日期,治疗后NRS,年龄,性别", "左", "右"),
        ("患者番号,レベル,患側,注射日,治療前NRS,再診日,治療後NRS,年齢,性別", "左側", "右側"),
        (
            "Paciente,Nivel,Lado,Fecha de infiltración,EVA antes,Fecha de control,EVA después,Edad,Sexo",
            "izq",
            "der",
        ),
        (
            "N° patient,Étage,Côté,Date infiltration,EVA avant,Date de contrôle,EVA après,Âge,Sexe",
            "gauche",
            "droite",
        ),
    ] {
        let table = foreign(header, left, right);
        let draft = draft_mapping(table.as_bytes()).unwrap();
        let outcomes = assert_base(&table, &options(&draft));
        assert_eq!(&outcomes.episodes[0].covariates["age"], "61", "{draft}");
        assert!(!draft.contains("not found"), "{draft}");
    }
}

#[test]
fn columns_that_no_name_tells_are_guessed_from_what_stands_in_them_and_marked() {
    // A German, an English and a Korean table with names that stand in no list.
    for (header, left, right) in [
        ("Lfd,Segment,Seite,Tag 0,NRS 1,Ambulanz,NRS 2,Alter,Geschlecht", "li", "re"),
        ("Case,Level,Side,Day of block,Pain (0-10),Call,Pain at call,Age,Sex", "L", "R"),
        ("차트,부위,방향,일자1,통증1,일자2,통증2,나이,성별", "좌", "우"),
    ] {
        let table = foreign(header, left, right);
        let draft = draft_mapping(table.as_bytes()).unwrap();
        assert!(draft.contains("# a guess"), "{draft}");
        assert!(!draft.contains("not found"), "{draft}");
        assert_base(&table, &options(&draft));
    }
    // A date of birth is no date of injection, and one pain column of two stays open.
    let born = "nr,C,Seite,geb.,Kontrolle,NRS\n\
                1,C5/6,li,01.02.1960,30.05.2024,3\n2,C6/7,re,04.05.1971,31.05.2024,5\n";
    let draft = draft_mapping(born.as_bytes()).unwrap();
    for missing in ["# injection_date", "# nrs_baseline", "# nrs_followup"] {
        assert!(draft.contains(missing), "{draft}");
    }
}

#[test]
fn a_draft_says_what_it_does_not_know() {
    let table = "who,C,Pain before,Pain after (2 months)\n1,C6,72,nil\n2,C5/6,55,20\n3,C7,81,40\n";
    let draft = draft_mapping(table.as_bytes()).unwrap();
    Mapping::read(draft.as_bytes()).unwrap();
    for part in [
        "subject_id = \"who\"  # a guess",
        "level = \"C\"",
        "# level_names = \"root\"",
        "scale = 100",
        "\"nil\"",
        "\"Pain after (2 months)\" = 61",
        "# side = \"?\"",
    ] {
        assert!(draft.contains(part), "{part} in\n{draft}");
    }
    let dates = "id,injection date,nrs before\n1,03/04/2024,7\n2,03/31/2024,6\n";
    assert!(draft_mapping(dates.as_bytes()).unwrap().contains("dates = \"month_first\""));
}

#[test]
fn a_row_is_followed_from_its_cells_to_its_label() {
    let table = plain().replace("P002,C6/7,right,2024-03-04,8", "P002,c6-7,R,4 March 2024,about 8");
    let row = explain(table.as_bytes(), &OutcomeOptions::default(), 3).unwrap();
    let text = row.to_string();
    for part in [
        "level: \"c6-7\" is read as C6/7",
        "side: \"R\" is read as right",
        "injection_date: \"4 March 2024\" is read as 2024-03-04",
        "not used: \"about 8\" is no pain score",
        "has no label",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let row = explain(table.as_bytes(), &OutcomeOptions::default(), 2).unwrap();
    assert_eq!(row.fate, ["used for P001 C5/6 left on 2024-03-01: 7 to 3 on day 60 is favourable"]);
    assert!(explain(table.as_bytes(), &OutcomeOptions::default(), 99).is_err());
}
