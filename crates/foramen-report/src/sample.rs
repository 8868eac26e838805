//! A small made-up study for the tests.

use foramen_learn::{Crossing, Leakage, Overlap, Shared};
use foramen_types::{Level, Outcome, Probability, Side, SubjectId};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    Case, Cohort, ExamplePicture, Excluded, LabelDefinition, LeakageReport, Model, Prediction,
    ReportInput, Showing, TruthComparison,
};

pub(crate) fn prediction(
    subject: &str,
    repeat: usize,
    favourable: bool,
    probability: f64,
) -> Prediction {
    Prediction {
        subject: SubjectId::new(subject).expect("a subject"),
        level: Level::C5C6,
        side: Side::Left,
        repeat,
        fold: 0,
        outcome: Some(Outcome::from_favourable(favourable)),
        probability: Probability::new(probability).expect("a probability"),
    }
}

/// 120 injections, a good model and a fair one.
pub(crate) fn study() -> ReportInput {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let (mut cnn, mut ruler) = (Vec::new(), Vec::new());
    for index in 0..120_u32 {
        let truth: f64 = random.random();
        let favourable = random.random::<f64>() < truth;
        let blur = |amount: f64, random: &mut ChaCha8Rng| {
            let logit = (truth / (1.0 - truth)).ln() + amount * (random.random::<f64>() - 0.5);
            1.0 / (1.0 + (-logit).exp())
        };
        let name = format!("S{index:03}");
        cnn.push(prediction(&name, 0, favourable, blur(3.0, &mut random)));
        ruler.push(prediction(&name, 0, favourable, blur(9.0, &mut random)));
    }
    let favourable = cnn.iter().filter(|p| p.outcome == Some(Outcome::Favourable)).count();
    ReportInput {
        title: "A made-up study".into(),
        synthetic: true,
        cohort: Cohort {
            rows: 132,
            included: 120,
            favourable,
            excluded: vec![
                Excluded { reason: "no follow-up between 46 and 74 days".into(), n: 7 },
                Excluded { reason: "no axial T2 series <before> the injection".into(), n: 5 },
            ],
            studies_without_row: 2,
            images_unread: 0,
            remarks: Vec::new(),
            doubtful_identities: Vec::new(),
            competing: Vec::new(),
        },
        models: vec![
            Model {
                name: "cnn".into(),
                title: "CNN".into(),
                description: "A small network on the foramen.".into(),
                predictions: cnn,
                threshold: Some(0.5),
                own_outcomes: false,
                temperatures: Vec::new(),
                subjects: None,
            },
            Model {
                name: "ruler".into(),
                title: "Width alone".into(),
                description: "Logistic regression on the measured width.".into(),
                predictions: ruler,
                threshold: Some(0.45),
                own_outcomes: false,
                temperatures: Vec::new(),
                subjects: None,
            },
        ],
        cases: Vec::new(),
        definitions: Vec::new(),
        missing_outcomes: 7,
        gaps: Vec::new(),
        examples: vec![ExamplePicture {
            showing: Showing::Best,
            caption: "C5/6 left, 2.1 mm & the width drawn".into(),
            png: vec![0x89, b'P', b'N', b'G'],
            explanation: None,
        }],
        controls: Vec::new(),
        learning_curve: Vec::new(),
        leakage: None,
        truth: Some(TruthComparison {
            oracle_auc: Some(0.88),
            oracle_image_auc: Some(0.83),
            width_error_median_mm: Some(0.31),
            width_error_p95_mm: Some(1.2),
            n_rows: 120,
            found: 118,
            slice_hits: Some(0.9),
            within_one_slice: Some(0.97),
            naive_slice_hits: Some(0.55),
        }),
        timing_s: vec![("scan".into(), 4.5), ("train".into(), 310.0)],
        provenance: serde_json::json!({"foramen": "0.1.0", "config": {"folds": 5}}),
        seed: 1,
    }
}

/// The study with a control without information, a control that should do better than chance and
/// does not, and a control trained on other outcomes.
pub(crate) fn with_controls() -> ReportInput {
    let mut input = study();
    let other = |name: &str, title: &str, of: &dyn Fn(usize, &Prediction) -> Prediction| {
        let predictions =
            input.models[0].predictions.iter().enumerate().map(|(at, p)| of(at, p)).collect();
        Model { title: title.into(), ..Model::new(name, predictions) }
    };
    let chance = |at: usize| Probability::new((at * 37 % 101) as f64 / 101.0).expect("below 1");
    let metadata = other("control-metadata", "Metadata", &|_, p| p.clone());
    let blind = other("control-background", "Background only", &|at, p| Prediction {
        probability: chance(at),
        ..p.clone()
    });
    let permuted = other("control-permuted", "Permuted outcomes", &|at, p| Prediction {
        probability: chance(at),
        outcome: Some(Outcome::from_favourable(at % 2 == 0)),
        ..p.clone()
    });
    input.controls = vec![metadata, blind, Model { own_outcomes: true, ..permuted }];
    input
}

/// The study with the first model trained on a fourth and on a half of the subjects, which ranks
/// worse.
pub(crate) fn with_learning_curve() -> ReportInput {
    let mut input = study();
    let whole = input.models[0].predictions.clone();
    let on = |subjects: f64, every: usize| {
        let guess = |(at, p): (usize, &Prediction)| {
            let guessed = Probability::new((at * 37 % 101) as f64 / 101.0).expect("below 1");
            let probability = if at % every == 0 { guessed } else { p.probability };
            Prediction { probability, ..p.clone() }
        };
        let predictions = whole.iter().enumerate().map(guess).collect();
        let name = format!("learning-{subjects}");
        Model { subjects: Some(subjects), ..Model::new(&name, predictions) }
    };
    input.learning_curve = vec![on(24.0, 2), on(48.0, 4)];
    input.models[0].subjects = Some(96.0);
    input
}

/// The study with data on each injection: every tenth sex is unknown, one choice in twelve is
/// doubtful, and every fifth outcome differs under a milder definition.
pub(crate) fn with_cases() -> ReportInput {
    let mut input = study();
    input.definitions =
        vec![LabelDefinition { name: "relief_30".into(), description: "a fall by 30 %".into() }];
    input.cases = (0..)
        .zip(&input.models[0].predictions)
        .map(|(at, prediction): (u32, _)| {
            let favourable = prediction.outcome == Some(Outcome::Favourable);
            let milder = Outcome::from_favourable(favourable != (at % 5 == 0));
            let mut case = Case::new(prediction.subject.clone(), Level::C5C6, Side::Left);
            case.outcome = prediction.outcome;
            case.width = Some(2.0 + f64::from(at % 30) / 10.0);
            case.confidence = Some(if at % 12 == 0 { 0.4 } else { 0.9 });
            case.remarks = if at % 7 == 0 { vec!["incomplete_level".into()] } else { Vec::new() };
            case.contrast = Some(if at % 3 == 0 { "T2*" } else { "T2" }.into());
            case.age = Some(f64::from(40 + at % 40));
            case.sex = (at % 10 != 0).then(|| if at % 2 == 0 { "f" } else { "m" }.into());
            case.labels = [("relief_30".to_owned(), milder)].into();
            case
        })
        .collect();
    input
}

/// A comparison of 30 subjects, two of whom may share an image.
pub(crate) fn leakage(shared: bool) -> LeakageReport {
    let [a, b] = ["A", "B"].map(|id| SubjectId::new(id).expect("a subject"));
    let shared = shared.then(|| Shared {
        kind: Overlap::Pixels,
        subjects: [a, b],
        first: "A C5/6 left".into(),
        second: "B C5/6 left".into(),
        crossing: Crossing::TrainTest,
        images: 1,
        similarity: Some(1.0),
    });
    let compared = Leakage {
        subjects: 30,
        images: 90,
        pairs: 3600,
        correlated: 12,
        threshold: 0.85,
        shared: shared.into_iter().collect(),
        ..Leakage::default()
    };
    LeakageReport::new(&compared, 5, &[Overlap::Pixels])
}

/// Numbers rounded to six digits, so that a snapshot does not depend on the last bit of a
/// platform's logarithm.
pub(crate) fn rounded(json: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match json {
        Value::Number(number) if number.is_f64() => {
            let value = number.as_f64().unwrap_or_default();
            serde_json::json!((value * 1e6).round() / 1e6)
        }
        Value::Array(values) => values.iter().map(rounded).collect(),
        Value::Object(pairs) => {
            pairs.iter().map(|(key, value)| (key.clone(), rounded(value))).collect()
        }
        other => other.clone(),
    }
}
