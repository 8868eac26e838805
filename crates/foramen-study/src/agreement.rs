use std::fmt::{Error, Write};

use foramen_metrics::{
    Confidence, Estimate, Grades, Icc, KappaWeights, Ratings, Undefined, bland_altman, icc, kappa,
};
use foramen_select::State;

use crate::readings::{Place, Readings, Seen};

/// How far two agree, in lines to print: states, widths (millimetres), walls and grades
/// of the foramina that both have; `each` adds a line for every one.
#[must_use]
pub fn describe_agreement(first: &Readings, second: &Readings, each: bool) -> String {
    let both = second.iter().filter_map(|(place, b)| Some((place, first.get(place)?, b)));
    let mut text = String::new();
    let written = (|| -> Result<(), Error> {
        if each {
            both.clone().try_for_each(|(place, a, b)| write_one(&mut text, place, a, b))?;
        }
        // Refused is no answer, and agrees with none.
        let is_answer = |seen: &Seen| seen.state != State::Refused;
        let all: Vec<(&Seen, &Seen)> = both.map(|(_, a, b)| (a, b)).collect();
        let both: Vec<(&Seen, &Seen)> =
            all.iter().copied().filter(|(a, b)| is_answer(a) && is_answer(b)).collect();
        if both.len() < all.len() {
            let refused = all.len() - both.len();
            writeln!(text, "  {refused} refused by either: compared with nothing")?;
        }
        let is_open = |seen: &Seen| usize::from(seen.state == State::Open);
        let states: Vec<_> = both.iter().map(|(a, b)| (is_open(a), is_open(b))).collect();
        write_kappa(&mut text, "open or not", &states, 2, KappaWeights::None)?;
        write_widths(&mut text, &both)?;
        write_walls(&mut text, &both)?;
        write_grades(&mut text, "Kim", &both, |seen| seen.kim)?;
        write_grades(&mut text, "modified Kim", &both, |seen| seen.modified_kim)
    })();
    written.expect("a string takes all that is written");
    text
}

/// One foramen: its state and width in both, and how far front and back walls lie apart.
fn write_one(text: &mut String, place: &Place, a: &Seen, b: &Seen) -> Result<(), Error> {
    let mm = |value: Option<f64>| value.map_or("-".to_owned(), |mm| format!("{mm:.2}"));
    let [front, back] = [0, 1].map(|wall| mm(apart(a, b).map(|apart| apart[wall])));
    let Place { sop_instance_uid, frame, side } = place;
    let (states, widths) = ((a.state, b.state), (mm(a.width), mm(b.width)));
    let frame = if *frame == 1 { String::new() } else { format!(" frame {frame}") };
    writeln!(
        text,
        "  {sop_instance_uid}{frame} {side}: {} and {}, {} and {} mm, walls {front} and {back}",
        states.0, states.1, widths.0, widths.1
    )
}

/// How far front and back walls lie from each other, in millimetres.
fn apart(a: &Seen, b: &Seen) -> Option<[f64; 2]> {
    let (a, b) = (a.walls?, b.walls?);
    Some([a[0].distance(b[0]), a[1].distance(b[1])])
}

fn write_walls(text: &mut String, both: &[(&Seen, &Seen)]) -> Result<(), Error> {
    let walls: Vec<[f64; 2]> = both.iter().filter_map(|(a, b)| apart(a, b)).collect();
    for (wall, name) in ["front", "back"].into_iter().enumerate() {
        let mut mm: Vec<f64> = walls.iter().map(|walls| walls[wall]).collect();
        mm.sort_by(f64::total_cmp);
        if let Some(most) = mm.last() {
            let median = mm[mm.len() / 2];
            writeln!(text, "  {name} walls: median {median:.2} mm, at most {most:.2} mm")?;
        }
    }
    Ok(())
}

fn write_grades(
    text: &mut String,
    scale: &str,
    both: &[(&Seen, &Seen)],
    grade: fn(&Seen) -> Option<u8>,
) -> Result<(), Error> {
    let grade = |seen: &Seen| grade(seen).map(usize::from);
    let grades: Vec<_> = both.iter().filter_map(|(a, b)| Some((grade(a)?, grade(b)?))).collect();
    if grades.is_empty() {
        return Ok(());
    }
    let [linear, quadratic] = ["linear", "quadratic"].map(|how| format!("{scale}, {how} weights"));
    write_kappa(text, &linear, &grades, 3, KappaWeights::Linear)?;
    write_kappa(text, &quadratic, &grades, 3, KappaWeights::Quadratic)
}

fn write_kappa(
    text: &mut String,
    what: &str,
    pairs: &[(usize, usize)],
    categories: usize,
    weights: KappaWeights,
) -> Result<(), Error> {
    let same = pairs.iter().filter(|(a, b)| a == b).count();
    let (a, b): (Vec<usize>, Vec<usize>) = pairs.iter().copied().unzip();
    let grades = Grades::new(&a, &b, categories).map_err(|_| Undefined::TooFew);
    let agreed = grades.and_then(|grades| kappa(&grades, weights, Confidence::default()));
    writeln!(text, "  {what}: {same} of {} alike, kappa {}", pairs.len(), shown(agreed))
}

fn write_widths(text: &mut String, both: &[(&Seen, &Seen)]) -> Result<(), Error> {
    let widths: Vec<[f64; 2]> =
        both.iter().filter_map(|(a, b)| Some([a.width?, b.width?])).collect();
    let mut apart: Vec<f64> = widths.iter().map(|[a, b]| (a - b).abs()).collect();
    apart.sort_by(f64::total_cmp);
    let Ok(ratings) = Ratings::new(&widths) else {
        return writeln!(text, "  widths: none to compare");
    };
    let median = apart[apart.len() / 2];
    writeln!(text, "  widths: {}, median difference {median:.2} mm", apart.len())?;
    let level = Confidence::default();
    let limits = bland_altman(&ratings, (0, 1), level);
    writeln!(text, "  bias, mm: {}", shown(limits.map(|limits| limits.bias)))?;
    writeln!(text, "  lower limit, mm: {}", shown(limits.map(|limits| limits.lower_limit)))?;
    writeln!(text, "  upper limit, mm: {}", shown(limits.map(|limits| limits.upper_limit)))?;
    writeln!(text, "  ICC(2,1) {}", shown(icc(&ratings, Icc::AgreementSingle, level)))
}

fn shown(number: Result<Estimate, Undefined>) -> String {
    match number {
        Ok(Estimate { estimate, ci: Some((low, high)), .. }) => {
            format!("{estimate:.2} ({low:.2} to {high:.2})")
        }
        Ok(Estimate { estimate, ci_undefined: Some(reason), .. }) => {
            format!("{estimate:.2} (no interval: {reason})")
        }
        Ok(Estimate { estimate, .. }) => format!("{estimate:.2}"),
        Err(reason) => format!("undefined: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foramen_types::Side;

    fn readings(states: &[(State, Option<f64>)]) -> Readings {
        let place = |slice: usize| Place {
            sop_instance_uid: slice.to_string(),
            frame: 1,
            side: Side::Left,
        };
        let seen = |&(state, width): &(State, Option<f64>)| Seen {
            state,
            width,
            kim: None,
            modified_kim: None,
            walls: None,
        };
        states.iter().enumerate().map(|(slice, state)| (place(slice), seen(state))).collect()
    }

    #[test]
    fn refused_agrees_with_nothing() {
        let open = (State::Open, Some(2.0));
        let measured = readings(&[open, (State::Refused, None), (State::Closed, None)]);
        let reader = readings(&[open, (State::Closed, None), (State::Closed, None)]);
        let text = describe_agreement(&measured, &reader, false);
        assert!(text.contains("1 refused by either"), "{text}");
        assert!(text.contains("open or not: 2 of 2 alike"), "{text}");
    }

    #[test]
    fn equal_widths_have_an_icc_of_one() {
        let widths = [2.0, 3.1, 4.3].map(|width| (State::Open, Some(width)));
        let text = describe_agreement(&readings(&widths), &readings(&widths), false);
        assert!(text.contains("ICC(2,1) 1.00 (no interval: "), "{text}");
        let equal = [(State::Open, Some(2.0)); 3];
        let text = describe_agreement(&readings(&equal), &readings(&equal), false);
        assert!(text.contains("ICC(2,1) undefined: "), "{text}");
    }

    #[test]
    fn nothing_in_common_is_said() {
        let text = describe_agreement(&readings(&[]), &readings(&[]), true);
        assert!(text.contains("0 of 0 alike, kappa undefined"), "{text}");
        assert!(text.contains("widths: none to compare"), "{text}");
    }
}
