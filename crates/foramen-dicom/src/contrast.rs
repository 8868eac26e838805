use foramen_image::Contrast;

use crate::Finding;
use crate::physics::{Family, Physics};

/// The contrast of a stack, with the evidence.
///
/// Acquisition parameters decide; descriptions are used only if the header has no parameters. A
/// missing attribute is no evidence. The limits are those of common spine protocols: T2 fast spin
/// echo has TE 70–140 ms and TR above 2000 ms, T2* gradient echo TE 5–30 ms and a flip angle up to
/// 40°.
pub(crate) fn classify(physics: &Physics) -> (Contrast, Finding) {
    let mut evidence = Vec::new();
    // Echo and repetition time together settle it, one alone mostly.
    let known = [physics.echo_time.is_some(), physics.repetition_time.is_some()];
    let sure = if known == [true; 2] && physics.family != Family::Unknown { 0.95 } else { 0.8 };
    // Acquisition Contrast alone is a word, not physics.
    let is_t2 = |contrast| matches!(contrast, Contrast::T2Fse | Contrast::T2Star);
    let of = |contrast| if is_t2(contrast) && physics.echo_time.is_none() { 0.55 } else { sure };
    let (contrast, confidence) = by_physics(physics, &mut evidence)
        .map(|contrast| (contrast, of(contrast)))
        .or_else(|| by_words(physics, &mut evidence))
        .unwrap_or_else(|| {
            evidence.push("the header does not tell the contrast".to_owned());
            (Contrast::Other, 0.0)
        });
    (contrast, Finding::new("contrast", contrast.name(), confidence, evidence))
}

fn by_physics(physics: &Physics, evidence: &mut Vec<String>) -> Option<Contrast> {
    let mut say = |text: String| evidence.push(text);
    if physics.is_map() {
        say("a phase or another map, no magnitude".to_owned());
        return Some(Contrast::Other);
    }
    if physics.echo_planar {
        say("echo planar".to_owned());
        return Some(Contrast::Other);
    }
    if let Some(declared) = physics.declared.as_deref().and_then(declared) {
        // Enhanced MR names the contrast, but not spin from gradient echo.
        if physics.family == Family::Unknown && physics.echo_time.is_none() {
            say(format!("acquisition contrast {declared}"));
            return Some(declared);
        }
    }
    if let Some(time) = physics.inversion_time.filter(|_| physics.inversion) {
        say(format!("inversion recovery, TI {time:.0} ms"));
        // Fat is nulled at about 0.69 × T1, that is 100 to 230 ms at 0.5 to 3 T.
        return Some(if time <= 300.0 { Contrast::Stir } else { Contrast::Other });
    }
    if physics.inversion && physics.words.contains("stir") {
        say("inversion recovery, described as STIR".to_owned());
        return Some(Contrast::Stir);
    }
    let family = family(physics);
    let echo = physics.echo_time?;
    let repetition = physics.repetition_time;
    let with_repetition = repetition.map_or(String::new(), |tr| format!(", TR {tr:.0} ms"));
    match family {
        Family::SpinEcho => {
            say(format!("spin echo, TE {echo:.0} ms{with_repetition}"));
            if let Some(train) = physics.echo_train.filter(|&n| n > 1.0) {
                say(format!("echo train of {train:.0}"));
            }
            Some(match repetition {
                _ if echo > 250.0 => Contrast::Other,
                // A volume sequence reaches T2 weighting at TR 1500.
                Some(tr) if echo >= 60.0 && tr >= 1200.0 => Contrast::T2Fse,
                None if echo >= 60.0 => Contrast::T2Fse,
                Some(tr) if echo <= 40.0 && tr < 1200.0 => Contrast::T1,
                _ => Contrast::Other,
            })
        }
        Family::GradientEcho => {
            let flip = physics.flip_angle;
            let with_flip = flip.map_or(String::new(), |a| format!(", flip angle {a:.0}°"));
            say(format!("gradient echo, TE {echo:.0} ms{with_repetition}{with_flip}"));
            Some(match flip {
                _ if echo > 40.0 => Contrast::Other,
                Some(angle) if angle <= 40.0 && echo >= 5.0 => Contrast::T2Star,
                None if echo >= 7.0 => Contrast::T2Star,
                Some(angle) if angle > 40.0 && echo < 8.0 => Contrast::T1,
                _ => Contrast::Other,
            })
        }
        Family::Unknown => None,
    }
}

/// Spin or gradient echo; if the header does not state it, an echo train, or an echo too late for a
/// gradient echo, means spin echo.
fn family(physics: &Physics) -> Family {
    let long_train = physics.echo_train.is_some_and(|n| n > 3.0);
    let late = physics.echo_time.is_some_and(|te| te >= 60.0);
    match physics.family {
        Family::Unknown if long_train || late => Family::SpinEcho,
        Family::Unknown if physics.flip_angle.is_some_and(|angle| angle <= 40.0) => {
            Family::GradientEcho
        }
        known => known,
    }
}

fn declared(contrast: &str) -> Option<Contrast> {
    match contrast {
        "T2" => Some(Contrast::T2Fse),
        "T2_STAR" => Some(Contrast::T2Star),
        "T1" => Some(Contrast::T1),
        "STIR" => Some(Contrast::Stir),
        _ => None,
    }
}

/// The contrast according to a description, if the header has no echo time, and its confidence.
///
/// A name with `t2` means a fast spin echo only if there is no evidence for a gradient echo:
/// `t2_me2d_tra_p2` is T2*, despite its name.
fn by_words(physics: &Physics, evidence: &mut Vec<String>) -> Option<(Contrast, f64)> {
    let words = physics.words.as_str();
    let named = |known: &[&'static str]| known.iter().copied().find(|word| words.contains(word));
    if let Some(word) = named(&OTHER_NAMES) {
        evidence.push(format!("no echo time in the header; its description says {word:?}"));
        return Some((Contrast::Other, 0.5));
    }
    let gradient = named(&GRADIENT_NAMES);
    let is_gradient = physics.family == Family::GradientEcho
        || physics.family == Family::Unknown && gradient.is_some();
    let table = [
        (Contrast::Stir, &["stir", "tirm"][..]),
        (Contrast::T2Star, &["t2*", "t2 star", "t2star", "t2_star", "medic", "merge", "mffe"]),
        (Contrast::T2Fse, &["t2"]),
        (Contrast::T1, &["t1"]),
    ];
    let (contrast, word) =
        table.into_iter().find_map(|(contrast, known)| Some((contrast, named(known)?)))?;
    let known = if physics.family == Family::Unknown { "no physics" } else { "no echo time" };
    evidence.push(format!("{known} in the header; its description says {word:?}"));
    Some(match contrast {
        // A spin echo has no T2*, whatever its name.
        Contrast::T2Star if physics.family == Family::SpinEcho => (Contrast::Other, 0.3),
        Contrast::T2Fse | Contrast::Stir if is_gradient => {
            let why = match (physics.family, gradient) {
                (Family::GradientEcho, _) => "Scanning Sequence is a gradient echo".to_owned(),
                (_, word) => format!("{:?} names a gradient echo", word.unwrap_or_default()),
            };
            evidence.push(why);
            (Contrast::T2Star, 0.4)
        }
        contrast => (contrast, 0.5),
    })
}

/// Parts of names of sequences that are neither T1 nor T2 images of a spine.
const OTHER_NAMES: [&str; 12] = [
    "flair",
    "dark-fluid",
    "darkfluid",
    "dwi",
    "diff",
    "ep2d",
    "adc",
    "swi",
    "t2map",
    "t2_map",
    "mapit",
    "perf",
];

/// Parts of names of gradient echoes of the vendors.
const GRADIENT_NAMES: [&str; 14] = [
    "me2d", "me3d", "medic", "merge", "mffe", "fl2d", "fl3d", "fi2d", "fi3d", "flash", "gre",
    "ffe", "fspgr", "ciss",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(echo: f64, repetition: f64) -> Physics {
        Physics {
            family: Family::SpinEcho,
            echo_time: Some(echo),
            repetition_time: Some(repetition),
            ..Physics::default()
        }
    }

    fn gradient(echo: f64, flip: Option<f64>) -> Physics {
        Physics {
            family: Family::GradientEcho,
            echo_time: Some(echo),
            flip_angle: flip,
            ..Physics::default()
        }
    }

    #[test]
    fn common_spine_protocols_are_told_apart_without_a_description() {
        // SPIDER headers: TR 3563, TE 120 and TE 102; a T1 of TR 600, TE 10;
        // MERGE of TE 15 at 20 degrees; FLASH of TE 2.46 at 80 degrees.
        assert_eq!(classify(&spin(120.0, 3563.0)).0, Contrast::T2Fse);
        assert_eq!(classify(&spin(102.0, 4000.0)).0, Contrast::T2Fse);
        assert_eq!(classify(&spin(10.0, 600.0)).0, Contrast::T1);
        assert_eq!(classify(&spin(30.0, 3000.0)).0, Contrast::Other);
        assert_eq!(classify(&gradient(15.0, Some(20.0))).0, Contrast::T2Star);
        assert_eq!(classify(&gradient(2.46, Some(80.0))).0, Contrast::T1);
    }

    #[test]
    fn a_missing_flip_angle_is_no_evidence() {
        assert_eq!(classify(&gradient(15.0, None)).0, Contrast::T2Star);
        assert_eq!(classify(&gradient(4.0, None)).0, Contrast::Other);
    }

    #[test]
    fn physics_wins_over_the_description() {
        let said_t1 = Physics { words: "ax t1".to_owned(), ..spin(100.0, 4000.0) };
        assert_eq!(classify(&said_t1).0, Contrast::T2Fse);
        let only_words = Physics { words: "ax t2* medic".to_owned(), ..Physics::default() };
        assert_eq!(classify(&only_words).0, Contrast::T2Star);
        assert_eq!(classify(&Physics::default()).0, Contrast::Other);
    }

    #[test]
    fn a_gradient_echo_is_no_t2_fse_by_its_name() {
        let named = |family, words: &str| {
            let (contrast, finding) =
                classify(&Physics { family, words: words.to_owned(), ..Physics::default() });
            (contrast, finding.confidence)
        };
        for words in ["t2_me2d_tra_p2", "t2_tra", "ax t2 stir"] {
            let (contrast, confidence) = named(Family::GradientEcho, words);
            assert!(contrast == Contrast::T2Star && confidence < 0.5, "{words}: {contrast}");
        }
        // The name alone, without Scanning Sequence.
        assert_eq!(named(Family::Unknown, "t2_me2d_tra_p2").0, Contrast::T2Star);
        assert_eq!(named(Family::Unknown, "t2_fl3d_tra").0, Contrast::T2Star);
        assert_eq!(named(Family::Unknown, "t2_tse_tra").0, Contrast::T2Fse);
        assert_eq!(named(Family::SpinEcho, "t2_tse_tra").0, Contrast::T2Fse);
        for words in ["t2_flair_tra", "t2 dark-fluid", "ep2d_diff_t2"] {
            assert_eq!(named(Family::Unknown, words).0, Contrast::Other, "{words}");
        }
    }

    #[test]
    fn enhanced_objects_without_echo_time_are_possible_and_uncertain() {
        let declared = Physics { declared: Some("T2".to_owned()), ..Physics::default() };
        let (contrast, finding) = classify(&declared);
        assert!(contrast == Contrast::T2Fse && finding.confidence < 0.6, "{finding:?}");
        // A gradient echo is none, whatever it declares.
        let gradient = Physics { family: Family::GradientEcho, ..declared };
        assert_ne!(classify(&gradient).0, Contrast::T2Fse);
        let sure = Physics { declared: Some("T2".to_owned()), ..spin(100.0, 4000.0) };
        assert!(classify(&sure).1.confidence > 0.9);
    }

    #[test]
    fn short_inversion_is_stir_and_long_is_not() {
        let inverted =
            |time| Physics { inversion: true, inversion_time: Some(time), ..spin(60.0, 4000.0) };
        assert_eq!(classify(&inverted(160.0)).0, Contrast::Stir);
        assert_eq!(classify(&inverted(2200.0)).0, Contrast::Other);
    }
}
