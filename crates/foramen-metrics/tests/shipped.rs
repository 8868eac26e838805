//! The table of the tutorials on decision curves, which the wheel of dcurves ships
//! (`cargo xtask test-data`).

use foramen_metrics::{Scores, discrimination::auc, utility::decision_curve};

#[test]
#[ignore = "reads test data (cargo xtask test-data)"]
fn the_table_of_dcurves_gives_the_numbers_of_dcurves_and_proc() {
    let text = std::fs::read_to_string(foramen_test_data::shipped("stats/df_binary.csv")).unwrap();
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let column = |name| header.iter().position(|title| *title == name).unwrap();
    let (label, score) = (column("cancer"), column("cancerpredmarker"));
    let (labels, values): (Vec<bool>, Vec<f64>) =
        rows.map(|row| (row[label] == "TRUE", row[score].parse::<f64>().unwrap())).unzip();
    assert_eq!((labels.len(), labels.iter().filter(|case| **case).count()), (750, 105));
    let scores = Scores::new(&labels, &values).unwrap();
    // R 4.2.2, pROC 1.18.0: auc(roc(cancer, cancerpredmarker))
    let area = auc(&scores).unwrap().estimate;
    assert!((area - 0.860_627_537_836_84).abs() < 1e-12, "{area}");
    // dcurves 1.1.7: dca(df_binary, "cancer", ["cancerpredmarker"]), net_benefit
    for (threshold, benefit) in [
        (0.05, 0.105_543_859_649_122_8),
        (0.10, 0.087_407_407_407_407_4),
        (0.15, 0.079_215_686_274_509_81),
        (0.20, 0.067_333_333_333_333_34),
        (0.35, 0.050_153_846_153_846_15),
    ] {
        let ours = decision_curve(&scores, &[threshold]).unwrap()[0].net_benefit.estimate;
        assert!((ours - benefit).abs() < 1e-12, "{threshold}: {ours}");
    }
}
