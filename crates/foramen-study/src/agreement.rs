use std::collections::BTreeSet;
use std::fmt::{Error, Write};

use foramen_metrics::{
    Confidence, Estimate, Undefined,
    agreement::{
        Clusters, Grades, Icc, KappaWeights, Ratings, bland_altman, bland_altman_of_clusters, icc,
        icc_of_clusters, kappa, kappa_of_clusters,
    },
};
use foramen_select::State;

use crate::readings::{Place, Readings, Seen};

/// Describes how far two sets of readings agree, in lines to print: states, widths (millimetres),
/// walls and grades of the foramina that both sets hold. `each` adds a line for every foramen.
/// Where the tables name the subject of every foramen, and there are at least three subjects, the
/// intervals treat the foramina of one subject as related.
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
        write_relation(&mut text, &both)?;
        let is_open = |seen: &Seen| Some(usize::from(seen.state == State::Open));
        write_kappa(&mut text, ("open or not", 2, KappaWeights::None), &both, is_open)?;
        write_widths(&mut text, &both)?;
        write_walls(&mut text, &both)?;
        write_grades(&mut text, "Kim", &both, |seen| seen.kim)?;
        write_grades(&mut text, "modified Kim", &both, |seen| seen.modified_kim)
    })();
    written.expect("a string takes all that is written");
    text
}

/// Writes one foramen: its state and width in both sets, and the distances between their front and
/// back walls.
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

/// Fewest subjects for intervals that allow for related foramina.
const ENOUGH_SUBJECTS: usize = 3;

/// The subjects of foramina, where each is known, some have several foramina, and there are
/// enough for an interval.
fn related(both: &[(&Seen, &Seen)]) -> Option<Clusters> {
    let subject = |(a, b): &(&Seen, &Seen)| a.subject.clone().or_else(|| b.subject.clone());
    let names = both.iter().map(subject).collect::<Option<Vec<String>>>()?;
    let clusters = Clusters::new(&names).ok()?;
    (clusters.len() >= ENOUGH_SUBJECTS && clusters.len() < names.len()).then_some(clusters)
}

/// Writes whether the intervals below treat foramina as independent or as related.
fn write_relation(text: &mut String, both: &[(&Seen, &Seen)]) -> Result<(), Error> {
    let foramina = both.len();
    let known: BTreeSet<&String> =
        both.iter().filter_map(|(a, b)| a.subject.as_ref().or(b.subject.as_ref())).collect();
    let unknown = both.iter().filter(|(a, b)| a.subject.is_none() && b.subject.is_none()).count();
    let subjects = known.len();
    if foramina == 0 {
        Ok(())
    } else if unknown > 0 {
        writeln!(
            text,
            "  intervals take {foramina} foramina as independent: no table names the subject of \
             {unknown} of them (column subject_id)"
        )
    } else if subjects == foramina {
        Ok(())
    } else if subjects < ENOUGH_SUBJECTS {
        writeln!(
            text,
            "  intervals take {foramina} foramina of {subjects} subjects as independent, and are \
             too narrow: {ENOUGH_SUBJECTS} subjects are the least for others"
        )
    } else {
        writeln!(text, "  {foramina} foramina of {subjects} subjects; intervals are over subjects")
    }
}

fn write_grades(
    text: &mut String,
    scale: &str,
    both: &[(&Seen, &Seen)],
    grade: fn(&Seen) -> Option<u8>,
) -> Result<(), Error> {
    let grade = |seen: &Seen| grade(seen).map(usize::from);
    if !both.iter().any(|(a, b)| grade(a).is_some() && grade(b).is_some()) {
        return Ok(());
    }
    for (how, weights) in [("linear", KappaWeights::Linear), ("quadratic", KappaWeights::Quadratic)]
    {
        write_kappa(text, (&format!("{scale}, {how} weights"), 3, weights), both, grade)?;
    }
    Ok(())
}

/// Writes the agreement on the `grade` of foramina that have one in both sets.
fn write_kappa(
    text: &mut String,
    (what, categories, weights): (&str, usize, KappaWeights),
    both: &[(&Seen, &Seen)],
    grade: impl Fn(&Seen) -> Option<usize>,
) -> Result<(), Error> {
    let graded = |(a, b): &&(&Seen, &Seen)| grade(a).is_some() && grade(b).is_some();
    let both: Vec<(&Seen, &Seen)> = both.iter().filter(graded).copied().collect();
    let (a, b): (Vec<usize>, Vec<usize>) =
        both.iter().filter_map(|(a, b)| Some((grade(a)?, grade(b)?))).unzip();
    let same = a.iter().zip(&b).filter(|(a, b)| a == b).count();
    let level = Confidence::default();
    let agreed = match related(&both) {
        Some(clusters) => kappa_of_clusters((&a, &b), categories, &clusters, weights, level),
        None => Grades::new(&a, &b, categories).map(|grades| kappa(&grades, weights, level)),
    };
    let agreed = agreed.unwrap_or(Err(Undefined::TooFew));
    writeln!(text, "  {what}: {same} of {} alike, kappa {}", both.len(), shown(agreed))
}

fn write_widths(text: &mut String, both: &[(&Seen, &Seen)]) -> Result<(), Error> {
    let measured = |(a, b): &&(&Seen, &Seen)| a.width.is_some() && b.width.is_some();
    let both: Vec<(&Seen, &Seen)> = both.iter().filter(measured).copied().collect();
    let widths: Vec<[f64; 2]> =
        both.iter().filter_map(|(a, b)| Some([a.width?, b.width?])).collect();
    let mut apart: Vec<f64> = widths.iter().map(|[a, b]| (a - b).abs()).collect();
    apart.sort_by(f64::total_cmp);
    let Ok(ratings) = Ratings::new(&widths) else {
        return writeln!(text, "  widths: none to compare");
    };
    let median = apart[apart.len() / 2];
    writeln!(text, "  widths: {}, median difference {median:.2} mm", apart.len())?;
    let (level, form) = (Confidence::default(), Icc::AgreementSingle);
    let (limits, correlation) = match related(&both) {
        Some(clusters) => (
            bland_altman_of_clusters(&ratings, (0, 1), &clusters, level),
            icc_of_clusters(&ratings, &clusters, form, level),
        ),
        None => (bland_altman(&ratings, (0, 1), level), icc(&ratings, form, level)),
    };
    writeln!(text, "  bias, mm: {}", shown(limits.map(|limits| limits.bias)))?;
    writeln!(text, "  lower limit, mm: {}", shown(limits.map(|limits| limits.lower_limit)))?;
    writeln!(text, "  upper limit, mm: {}", shown(limits.map(|limits| limits.upper_limit)))?;
    writeln!(text, "  ICC(2,1) {}", shown(correlation))
}

fn shown(number: Result<Estimate, Undefined>) -> String {
    match number {
        Ok(Estimate { estimate, interval: Ok(bounds), .. }) => {
            format!("{estimate:.2} ({:.2} to {:.2})", bounds.lower, bounds.upper)
        }
        Ok(Estimate { estimate, interval: Err(reason), .. }) => {
            format!("{estimate:.2} (no interval: {reason})")
        }
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
            subject: None,
        };
        states.iter().enumerate().map(|(slice, state)| (place(slice), seen(state))).collect()
    }

    #[test]
    fn refused_agrees_with_nothing() {
        let open = (State::Open, Some(2.0));
        let measured = readings(&[open, (State::Refused, None), (State::Pedicle, None)]);
        let reader = readings(&[open, (State::Pedicle, None), (State::Pedicle, None)]);
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

    #[test]
    fn intervals_know_whose_foramina_they_are_where_the_tables_say() {
        // The second reads 0 to 0.8 mm more, the same in all foramina of a subject.
        let of = |second: f64, named: bool| -> Readings {
            let all = (0..24_u32).map(|at| {
                let subject = f64::from(at / 4);
                let width = 2.0 + f64::from(at * 7 % 24) / 12.0 + second * subject * 0.16;
                let place = Place { sop_instance_uid: at.to_string(), frame: 1, side: Side::Left };
                let (state, subject) = (State::Open, named.then(|| subject.to_string()));
                let seen = Seen {
                    state,
                    width: Some(width),
                    kim: None,
                    modified_kim: None,
                    walls: None,
                    subject,
                };
                (place, seen)
            });
            all.collect()
        };
        let bias = |text: &str| {
            let line = text.lines().find(|line| line.contains("bias")).unwrap().to_owned();
            let bounds = line.split_once('(').unwrap().1.trim_end_matches(')').to_owned();
            let (low, high) = bounds.split_once(" to ").unwrap();
            high.parse::<f64>().unwrap() - low.parse::<f64>().unwrap()
        };
        let apart = describe_agreement(&of(0.0, false), &of(1.0, false), false);
        assert!(apart.contains("no table names the subject of 24 of them"), "{apart}");
        let related = describe_agreement(&of(0.0, false), &of(1.0, true), false);
        assert!(related.contains("24 foramina of 6 subjects"), "{related}");
        assert!(bias(&related) > 1.8 * bias(&apart), "{apart} {related}");
    }
}
