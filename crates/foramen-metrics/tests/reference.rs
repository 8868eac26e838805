//! The numbers of pROC, rms, dcurves and scikit-learn on published tables. Each test names the
//! calls that gave its numbers. It is not part of the package: the tables are not either.
#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "a test may unwrap")]

use std::path::PathBuf;

use foramen_metrics::calibration::*;
use foramen_metrics::classification::*;
use foramen_metrics::clusters::*;
use foramen_metrics::comparison::*;
use foramen_metrics::discrimination::*;
use foramen_metrics::resampling::*;
use foramen_metrics::utility::*;
use foramen_metrics::*;

/// The folder of the public reference data.
fn folder() -> PathBuf {
    foramen_test_data::path("stats")
}

/// Columns of a comma-separated file of the reference data, in the order asked.
fn columns<const N: usize>(file: &str, names: [&str; N]) -> [Vec<String>; N] {
    let text = std::fs::read_to_string(folder().join(file)).expect("the file can be read");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let places =
        names.map(|name| header.iter().position(|column| *column == name).expect("a column"));
    let mut columns = [const { Vec::new() }; N];
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        for (column, &place) in columns.iter_mut().zip(&places) {
            column.push(cells[place].to_string());
        }
    }
    columns
}

/// `reference.json`.
fn numbers() -> serde_json::Value {
    let text =
        std::fs::read_to_string(folder().join("reference.json")).expect("the file can be read");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Parses a column.
fn parsed(column: &[String]) -> Vec<f64> {
    column.iter().map(|cell| cell.parse().expect("a number")).collect()
}

/// The labels of `df_binary.csv` and one of its score columns.
fn df_binary(column: &str) -> (Vec<bool>, Vec<f64>) {
    let [labels, values] = columns("df_binary.csv", ["cancer", column]);
    (labels.iter().map(|label| label == "True").collect(), parsed(&values))
}

/// Labels and probabilities of `calib_split.csv`.
fn calibration_split() -> (Vec<bool>, Vec<f64>) {
    let [labels, values] = columns("calib_split.csv", ["y", "p"]);
    (labels.iter().map(|label| label == "1").collect(), parsed(&values))
}

fn scores(column: &str) -> Scores {
    let (labels, values) = df_binary(column);
    Scores::of_marker(&labels, &values).unwrap()
}

const PROC: [(RocRegion, f64, f64); 4] = [
    (RocRegion::Specificity(0.9, 1.0), 0.043_875_968_992_248_04, 0.704_610_363_117_095),
    (RocRegion::Specificity(0.5, 0.8), 0.256_094_499_815_430_1, 0.887_421_794_398_538_5),
    (RocRegion::Sensitivity(0.9, 1.0), 0.039_520_118_124_769_28, 0.681_684_832_235_627_8),
    (RocRegion::Sensitivity(0.5, 0.8), 0.265_581_395_348_837_2, 0.911_747_167_561_121_1),
];

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn the_band_agrees_with_proc() {
    // set.seed(1); ci.se(r, specificities = c(.9, .5), boot.n = 10000) with r as in partial.rs:
    // 2.5, 50 and 97.5 %. Both are drawn at random.
    let (labels, values) = df_binary("cancerpredmarker");
    let scores = Scores::new(&labels, &values).unwrap();
    let band = roc_band(&scores, &Bootstrap::default()).unwrap();
    for (place, lower, middle, upper) in
        [(10, 0.542_857, 0.647_619, 0.752_381), (50, 0.857_143, 0.914_286, 0.961_905)]
    {
        let at = band[place];
        assert!((at.true_positive_rate - middle).abs() < 0.02, "{at:?}");
        assert!((at.lower - lower).abs() < 0.02 && (at.upper - upper).abs() < 0.02, "{at:?}");
    }
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn brier_agrees_with_val_prob() {
    let (labels, values) = calibration_split();
    let scores = Scores::new(&labels, &values).unwrap();
    // rms 6.5.0 val.prob
    assert!((brier(&scores).unwrap().estimate - 0.092_253_904_237_725).abs() < 1e-12);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn slope_and_intercept_agree_with_r() {
    let (labels, values) = calibration_split();
    let scores = Scores::new(&labels, &values).unwrap();
    let fit = calibration(&scores).unwrap();
    // glm(y ~ qlogis(p), family = binomial) in R 4.2.2, and val.prob of rms
    // 6.5.0, which stop at differences of about 1e-9 from each other.
    assert!((fit.intercept.estimate - -0.156_398_006_8).abs() < 2e-9);
    assert!((fit.slope.estimate - 0.879_989_176_7).abs() < 2e-9);
    assert!((fit.intercept.standard_error.unwrap() - 0.230_967_558_5).abs() < 1e-7);
    assert!((fit.slope.standard_error.unwrap() - 0.118_946_579_6).abs() < 1e-7);
    // glm(y ~ offset(qlogis(p)), family = binomial)
    let large = calibration_in_the_large(&scores).unwrap();
    assert!((large.estimate - -0.002_824_603_489).abs() < 1e-9);
    assert!((large.standard_error.unwrap() - 0.175_653_795_2).abs() < 1e-7);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn delong_agrees_with_proc() {
    // R 4.2.2, pROC 1.18.0: ci.auc(roc(...)), roc.test(..., paired = TRUE)
    let numbers = numbers();
    let reference =
        numbers.as_object().unwrap().iter().find(|(name, _)| name.contains("pROC")).unwrap().1;
    for model in ["cancerpredmarker", "age", "marker"] {
        let (expected, scores) = (&reference[model], scores(model));
        let area = auc(&scores).unwrap();
        let variance = area.standard_error.unwrap().powi(2);
        assert!((area.estimate - expected["auc"].as_f64().unwrap()).abs() < 1e-12);
        assert!((variance - expected["var"].as_f64().unwrap()).abs() < 1e-15);
        let (lower, upper) = area.ci().unwrap();
        // The reference gives twelve digits.
        assert!((lower - expected["ci95"][0].as_f64().unwrap()).abs() < 1e-9);
        assert!((upper - expected["ci95"][1].as_f64().unwrap()).abs() < 1e-9);
    }
    for (pair, expected) in reference["paired"].as_object().unwrap() {
        let (first, second) = pair.split_once('/').unwrap();
        let paired = PairedScores::new(scores(first), scores(second)).unwrap();
        let ours = compare_auc(&paired, Confidence::P95).unwrap();
        let number = |name: &str| expected[name].as_f64().unwrap();
        assert!((ours.covariance.unwrap() - number("cov")).abs() < 1e-15, "{pair}");
        assert!((ours.z.unwrap() - number("z")).abs() < 1e-9, "{pair}");
        assert!((ours.p.unwrap() / number("p") - 1.0).abs() < 1e-9, "{pair}");
        let (lower, upper) = ours.difference.ci().unwrap();
        assert_eq!(lower > 0.0 || upper < 0.0, ours.p.unwrap() < 0.05, "{pair}");
    }
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn a_model_does_not_differ_from_itself() {
    let scores = scores("marker");
    let paired = PairedScores::new(scores.clone(), scores).unwrap();
    let ours = compare_auc(&paired, Confidence::P95).unwrap();
    assert_eq!((ours.difference.estimate, ours.z, ours.p), (0.0, None, None));
    assert_eq!(ours.difference.no_interval(), Some(Undefined::NoVariation));
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn ten_groups_agree_with_r() {
    let (labels, values) = calibration_split();
    let ours = hosmer_lemeshow(&Scores::new(&labels, &values).unwrap(), 10).unwrap();
    // g <- cut(p, quantile(p, 0:10/10), include.lowest = TRUE), then sums by group
    let sizes: Vec<usize> = ours.groups.iter().map(|group| group.n).collect();
    assert_eq!(sizes, [38, 37, 38, 37, 38, 37, 37, 38, 37, 38]);
    let observed: Vec<usize> = ours.groups.iter().map(|group| group.observed).collect();
    assert_eq!(observed, [0, 1, 2, 1, 1, 2, 6, 8, 12, 23]);
    assert!((ours.groups[9].expected - 24.862_418_535_597_09).abs() < 1e-12);
    assert!((ours.statistic - 4.747_700_842_517_5).abs() < 1e-12, "{ours:?}");
    assert_eq!(ours.freedom, 8);
    assert!((ours.p - 0.784_170_392_162_51).abs() < 1e-12, "{ours:?}");
    assert!(ours.p_with(10) > ours.p);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn indices_agree_with_val_prob() {
    let (labels, values) = calibration_split();
    let scores = Scores::new(&labels, &values).unwrap();
    let ours = likelihood(&scores).unwrap();
    let (z, p) = spiegelhalter(&scores).unwrap();
    let area = auc(&scores).unwrap();
    // rms 6.5.0 val.prob: R2, D, U, Q, U:Chi-sq, U:p, S:z, S:p
    for (ours, theirs) in [
        (ours.r2, 0.358_051_191_106_791),
        (ours.discrimination, 0.225_433_464_716_509),
        (ours.unreliability, -0.002_791_907_466_554),
        (ours.quality, 0.228_225_372_183_063),
        (ours.miscalibration, 0.953_034_700_042_338),
        (ours.miscalibration_p, 0.620_942_154_698_344),
        (z, 0.617_476_615_685_726),
        (p, 0.536_920_400_699_51),
    ] {
        assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
    }
    // pROC ci.auc. The C of val.prob, 0.849053963, and its Dxy are off in the
    // fifth digit, because rms groups predictions before it counts pairs.
    assert!((area.estimate - 0.849_081_952_530_2).abs() < 1e-12, "{area:?}");
    let (lower, upper) = area.ci().unwrap();
    assert!((lower - 0.792_892_044_733_6).abs() < 1e-12, "{lower}");
    assert!((upper - 0.905_271_860_326_9).abs() < 1e-12, "{upper}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn partial_areas_agree_with_proc() {
    // library(pROC); d <- read.csv("df_binary.csv")
    // r <- roc(d$cancer == "True", d$cancerpredmarker, direction = "<")
    // for (f in c("sp", "se")) for (p in list(c(1, .9), c(.8, .5))) for (c in c(F, T))
    //   auc(r, partial.auc = p, partial.auc.focus = f, partial.auc.correct = c)
    let (labels, values) = df_binary("cancerpredmarker");
    let scores = Scores::new(&labels, &values).unwrap();
    for (region, area, corrected) in PROC {
        let ours = partial_auc(&scores, region).unwrap();
        assert!((ours.area - area).abs() < 1e-12, "{region:?} {ours:?}");
        assert!((ours.corrected - corrected).abs() < 1e-12, "{region:?} {ours:?}");
    }
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn average_precision_agrees_with_scikit_learn() {
    // from sklearn.metrics import average_precision_score as ap
    // d = pandas.read_csv("df_binary.csv"); [ap(d.cancer, d[c]) for c in columns]
    for (column, expected) in [
        ("cancerpredmarker", 0.566_444_442_052_138),
        ("age", 0.403_026_654_032_634_05),
        ("marker", 0.342_924_424_214_372_86),
    ] {
        let (labels, values) = df_binary(column);
        let ours = average_precision(&Scores::of_marker(&labels, &values).unwrap()).unwrap();
        assert!((ours.estimate - expected).abs() < 1e-12, "{column} {ours:?}");
        let (lower, upper) = ours.ci().unwrap();
        assert!(lower < expected && expected < upper);
    }
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn lowess_distances_agree_with_val_prob() {
    let (labels, values) = calibration_split();
    let scores = Scores::new(&labels, &values).unwrap();
    let ours = calibration_curve(&scores, &Smoothing::lowess()).unwrap();
    // rms 6.5.0 val.prob: Eavg, E90, Emax; E50 by s <- lowess(p, y, iter = 0),
    // median(abs(p - approx(s, xout = p, ties = mean)$y))
    for (ours, theirs) in [
        (ours.ici, 0.011_914_969_157_292),
        (ours.e90, 0.019_536_675_036_688),
        (ours.emax, 0.093_911_133_208_906),
        (ours.e50, 0.008_218_150_660_418_852),
    ] {
        assert!((ours - theirs).abs() < 1e-14, "{ours} {theirs}");
    }
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn quadratic_distances_agree_with_loess() {
    let (labels, values) = calibration_split();
    let scores = Scores::new(&labels, &values).unwrap();
    let exact = Smoothing::default().with_step(0.0);
    let ours = calibration_curve(&scores, &exact).unwrap();
    // l <- loess(y ~ p, control = loess.control(surface = "direct"))
    // e <- abs(p - fitted(l)); mean(e), quantile(e, .9), max(e), quantile(e, .5)
    for (ours, theirs) in [
        (ours.ici, 0.013_933_570_401_106_682),
        (ours.e90, 0.023_497_277_818_022_2),
        (ours.emax, 0.096_589_758_967_483_67),
        (ours.e50, 0.010_300_373_921_612_442),
    ] {
        assert!((ours - theirs).abs() < 1e-9, "{ours} {theirs}");
    }
    // R interpolates by default too, on other knots.
    let usual = calibration_curve(&scores, &Smoothing::default()).unwrap();
    assert!((usual.ici - 0.013_236_969_321_224).abs() < 1e-3);
    assert!((usual.ici - ours.ici).abs() < 1e-3);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn groups_of_a_cohort() {
    let [labels, values, group] =
        columns("df_binary.csv", ["cancer", "cancerpredmarker", "risk_group"]);
    let labels: Vec<bool> = labels.iter().map(|label| label == "True").collect();
    let scores = Scores::new(&labels, &parsed(&values)).unwrap();
    let ours = by_group(&scores, &group, auc).unwrap();
    let names: Vec<(&str, usize, usize)> =
        ours.groups.iter().map(|g| (g.group.as_str(), g.n, g.positives)).collect();
    // import pandas as pd, numpy as np; d = pd.read_csv("df_binary.csv")
    // d.groupby("risk_group").cancer.agg(["size", "sum"])
    // by group roc_auc_score and DeLong's error v (psi as in auc.rs), then
    // w = 1/v**2; q = (w*(a - (w*a).sum()/w.sum())**2).sum(); chi2.sf(q, 2)
    assert_eq!(names, [("high", 21, 13), ("intermediate", 335, 69), ("low", 394, 23)]);
    for (ours, expected) in ours.groups.iter().zip([
        0.769_230_769_230_769_3,
        0.825_487_632_123_787_7,
        0.828_899_566_389_312_1,
    ]) {
        assert!((ours.estimate.unwrap().estimate - expected).abs() < 1e-12);
    }
    assert!(
        (ours.interaction.statistic.unwrap() - 0.272_903_275_832_102_6).abs() < 1e-10,
        "{ours:?}"
    );
    assert!((ours.interaction.p.unwrap() - 0.872_448_512_667_568_1).abs() < 1e-10, "{ours:?}");
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn the_unpaired_test_agrees_with_proc() {
    // library(pROC); d <- read.csv("df_binary.csv"); s <- seq(1, 750, 2); y <- d$cancer == "True"
    // roc.test(roc(y[s], d$cancerpredmarker[s], direction = "<"),
    //          roc(y[-s], d$age[-s], direction = "<"), paired = FALSE)
    let half = |column: &str, from: usize| {
        let (labels, values) = df_binary(column);
        let labels: Vec<bool> = labels.into_iter().skip(from).step_by(2).collect();
        let values: Vec<f64> = values.into_iter().skip(from).step_by(2).collect();
        Scores::of_marker(&labels, &values).unwrap()
    };
    let (model, age) = (half("cancerpredmarker", 0), half("age", 1));
    let ours = compare_unpaired_auc(&model, &age, Confidence::P95).unwrap();
    assert!((ours.first.estimate - 0.885_169_230_769_230_7).abs() < 1e-12);
    assert!((ours.second.estimate - 0.743_863_636_363_636_4).abs() < 1e-12);
    assert!((ours.t.unwrap() - 3.199_931_389_296_909).abs() < 1e-10);
    assert!((ours.freedom.unwrap() - 685.948_551_223_779_3).abs() < 1e-8);
    assert!((ours.p.unwrap() / 1.437_941_103_124_458_5e-3 - 1.0).abs() < 1e-9);
    assert!(ours.difference.ci().unwrap().0 > 0.0);
}

#[test]
#[ignore = "reads test data (FORAMEN_TEST_DATA)"]
fn the_decision_curve_agrees_with_dcurves() {
    let (labels, values) = df_binary("cancerpredmarker");
    let scores = Scores::new(&labels, &values).unwrap();
    let [model, threshold, tp, fp, benefit, avoided] = columns(
        "dca_py_1.1.7.csv",
        ["model", "threshold", "tp_rate", "fp_rate", "net_benefit", "net_intervention_avoided"],
    );
    let mut compared = 0;
    for row in (0..model.len()).filter(|&row| model[row] != "none") {
        let number = |column: &[String]| parsed(&column[row..=row])[0];
        let at = number(&threshold);
        if at >= 1.0 {
            continue;
        }
        let ours = decision_curve(&scores, &[at]).unwrap()[0];
        if model[row] == "all" {
            assert!((ours.treat_all - number(&benefit)).abs() < 1e-12, "{at}");
        } else if model[row] == "cancerpredmarker" {
            assert!((ours.net_benefit.estimate - number(&benefit)).abs() < 1e-12, "{at}");
            let confusion = Confusion::at(&scores, at);
            let count = |column: &[String]| (number(column) * 750.0).round();
            assert_eq!(confusion.true_positive as f64, count(&tp), "{at}");
            assert_eq!(confusion.false_positive as f64, count(&fp), "{at}");
            if let Some(ours) = ours.avoided {
                assert!((ours.estimate - number(&avoided)).abs() < 1e-12, "{at}");
            }
        }
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}
