use jiff::ToSpan;
use jiff::civil::Date;

use crate::defect::Defect;
use crate::subject::Plan;

/// The first line of `outcomes.csv`.
pub(crate) const HEADER: &str = "subject_id,level,side,injection_date,nrs_baseline,followup_date,\
                                 nrs_followup,event,event_date,age,sex,duration_weeks";

/// The dates of one subject: examination, injection, follow-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dates {
    pub study: Date,
    pub injection: Date,
    pub followup: Date,
}

impl Dates {
    pub(crate) fn of(plan: &Plan) -> Self {
        let start = jiff::civil::date(2019, 1, 7);
        let injection = start.saturating_add(plan.course.recruited.days());
        Self {
            study: injection.saturating_sub(plan.course.waiting.days()),
            injection,
            followup: injection.saturating_add(plan.course.followed.days()),
        }
    }
}

/// The row of one subject, without a line break; `None` when it is not in the
/// table.
pub(crate) fn row(plan: &Plan) -> Option<String> {
    let Dates { injection, followup, .. } = Dates::of(plan);
    let course = &plan.course;
    let mut baseline = course.baseline.to_string();
    let mut after = (followup.to_string(), course.followup.to_string());
    let mut event = (String::new(), String::new());
    match plan.defect {
        Some(Defect::NotInTable) => return None,
        Some(Defect::MissingFollowup) => after = (String::new(), String::new()),
        Some(Defect::BaselineZero) => baseline = "0".to_owned(),
        Some(Defect::SecondInjection) => {
            let date = injection.saturating_add((course.followed / 2).days());
            event = ("repeat_injection".to_owned(), date.to_string());
        }
        _ => {}
    }
    let fields = [
        plan.id.clone(),
        plan.complaint.level.to_string(),
        plan.complaint.side.to_string(),
        injection.to_string(),
        baseline,
        after.0,
        after.1,
        event.0,
        event.1,
        course.age.to_string(),
        course.sex.to_owned(),
        format!("{:.0}", course.duration_weeks),
    ];
    Some(fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CohortConfig;

    #[test]
    fn rows_hold_what_their_defect_says() {
        let config = CohortConfig::default().with_analysable(1).with_defects(8);
        let rows: Vec<Option<String>> =
            (0..9).map(|index| row(&Plan::draw(&config, index))).collect();
        let columns = HEADER.split(',').count();
        for line in rows.iter().flatten() {
            assert_eq!(line.split(',').count(), columns, "{line}");
        }
        let field = |index: usize, column: usize| {
            rows[index].as_ref().unwrap().split(',').nth(column).unwrap().to_owned()
        };
        assert_eq!(field(1, 6), "", "missing follow-up");
        assert_eq!(field(2, 4), "0", "baseline 0");
        assert_eq!(field(6, 7), "repeat_injection");
        assert_eq!(rows[7], None, "not in the table");
        assert!(rows[8].is_some(), "in the table without images");
    }

    #[test]
    fn the_follow_up_lies_in_the_default_window() {
        for index in 0..200 {
            let dates = Dates::of(&Plan::draw(&CohortConfig::default(), index));
            let days = (dates.followup - dates.injection).get_days();
            assert!((46..=74).contains(&days), "{days}");
            assert!(dates.study <= dates.injection);
        }
    }
}
