use crate::{
    Report, ReportError, ReportInput, calibration_svg, decision_svg, forest_svg,
    learning_curve_svg, methods_text, roc_svg, scored::Scored, subgroups_svg,
    thresholds::thresholds,
};

/// A file beside the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its path below the folder of the files, with `/` between folders.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// The figures of the page as SVG, its tables as CSV, and `methods.txt`, a paragraph for a
/// manuscript. A figure that cannot be drawn is left out, as on the page.
///
/// # Errors
/// [`ReportError::Model`] if predictions cannot be used.
pub fn report_files(report: &Report, input: &ReportInput) -> Result<Vec<ReportFile>, ReportError> {
    let mut files = Files(Vec::new());
    files.figure("roc", roc_svg(&input.models).ok());
    for (place, model) in input.models.iter().enumerate() {
        files.figure(&format!("calibration-{}", model.name), calibration_svg(model, place).ok());
        let found = thresholds(&Scored::new(model)?);
        files.table(&format!("thresholds-{}", model.name), &THRESHOLDS, &found, |one| {
            let mut cells = vec![one.threshold.to_string()];
            cells.extend([one.true_positive, one.false_positive].map(|count| count.to_string()));
            for (number, interval) in [
                (one.sensitivity, one.sensitivity_ci95),
                (one.specificity, one.specificity_ci95),
                (one.positive_predictive_value, one.positive_predictive_value_ci95),
                (one.negative_predictive_value, one.negative_predictive_value_ci95),
                (one.net_benefit, one.net_benefit_ci95),
            ] {
                cells.extend(estimate(number, interval));
            }
            cells.push(one.net_benefit_of_all.to_string());
            cells
        });
    }
    files.figure("decision", decision_svg(&input.models).ok());
    files.figure("models-and-controls", Some(forest_svg(report)));
    if !report.learning_curve.is_empty() {
        files.figure("learning-curve", Some(learning_curve_svg(report)));
    }
    if !report.subgroups.is_empty() {
        files.figure("subgroups", Some(subgroups_svg(report)));
    }
    files.tables(report);
    files.0.push(ReportFile {
        path: "methods.txt".to_owned(),
        content: methods_text(report).into_bytes(),
    });
    Ok(files.0)
}

const THRESHOLDS: [&str; 19] = [
    "threshold",
    "true_positive",
    "false_positive",
    "sensitivity",
    "sensitivity_low",
    "sensitivity_high",
    "specificity",
    "specificity_low",
    "specificity_high",
    "positive_predictive_value",
    "positive_predictive_value_low",
    "positive_predictive_value_high",
    "negative_predictive_value",
    "negative_predictive_value_low",
    "negative_predictive_value_high",
    "net_benefit",
    "net_benefit_low",
    "net_benefit_high",
    "net_benefit_of_all",
];

struct Files(Vec<ReportFile>);

impl Files {
    fn figure(&mut self, name: &str, svg: Option<String>) {
        let file = |svg: String| ReportFile {
            path: format!("figures/{name}.svg"),
            content: svg.into_bytes(),
        };
        self.0.extend(svg.map(file));
    }

    fn table<T>(
        &mut self,
        name: &str,
        header: &[&str],
        rows: &[T],
        cells: impl Fn(&T) -> Vec<String>,
    ) {
        let mut text = line(header.iter().map(|cell| (*cell).to_owned()));
        rows.iter().for_each(|row| text += &line(cells(row)));
        let path = format!("tables/{name}.csv");
        self.0.push(ReportFile { path, content: text.into_bytes() });
    }

    fn tables(&mut self, report: &Report) {
        let excluded = &report.cohort.excluded;
        self.table("exclusions", &["reason", "n"], excluded, |one| {
            vec![one.reason.clone(), one.n.to_string()]
        });
        let lines: Vec<_> = (report.characteristics.iter())
            .flat_map(|line| line.values.iter().map(move |value| (line, value)))
            .collect();
        let header = ["characteristic", "category", "all", "favourable", "poor", "missing"];
        self.table("characteristics", &header, &lines, |(line, value)| {
            vec![
                line.name.clone(),
                value.category.clone().unwrap_or_default(),
                value.all.clone(),
                value.favourable.clone(),
                value.poor.clone(),
                line.missing.to_string(),
            ]
        });
        let header = [
            "model",
            "title",
            "n",
            "n_positive",
            "auc",
            "auc_low",
            "auc_high",
            "brier",
            "brier_low",
            "brier_high",
            "slope",
            "slope_low",
            "slope_high",
            "intercept",
            "intercept_low",
            "intercept_high",
        ];
        self.table("models", &header, &report.models, |(name, model)| {
            let mut cells = vec![name.clone(), model.title.clone()];
            cells.extend([model.n, model.n_positive].map(|count| count.to_string()));
            for (number, interval) in [
                (model.auc, model.auc_ci95),
                (model.brier, model.brier_ci95),
                (model.calibration_slope, model.calibration_slope_ci95),
                (model.calibration_intercept, model.calibration_intercept_ci95),
            ] {
                cells.extend(estimate(number, interval));
            }
            cells
        });
        if let Some(controls) = &report.controls {
            let header = [
                "control",
                "n",
                "auc",
                "auc_low",
                "auc_high",
                "difference",
                "difference_low",
                "difference_high",
                "p",
                "p_holm",
            ];
            self.table("controls", &header, &controls.models, |control| {
                let mut cells = vec![control.name.clone(), control.n.to_string()];
                cells.extend(estimate(control.auc, control.auc_ci95));
                cells.extend(estimate(control.difference, control.difference_ci95));
                cells.extend([control.p, control.p_holm].map(number));
                cells
            });
        }
        if !report.learning_curve.is_empty() {
            let header = ["subjects", "n", "auc", "auc_low", "auc_high", "undefined"];
            self.table("learning-curve", &header, &report.learning_curve, |point| {
                let mut cells = vec![point.subjects.to_string(), point.n.to_string()];
                cells.extend(estimate(point.auc, point.auc_ci95));
                cells.push(point.undefined.clone().unwrap_or_default());
                cells
            });
        }
        let groups: Vec<_> = (report.subgroups.iter())
            .flat_map(|grouping| grouping.groups.iter().map(move |group| (&grouping.by, group)))
            .collect();
        let header = ["by", "group", "n", "n_positive", "auc", "auc_low", "auc_high", "undefined"];
        self.table("subgroups", &header, &groups, |(by, group)| {
            let mut cells = vec![(*by).clone(), group.group.clone()];
            cells.extend([group.n, group.n_positive].map(|count| count.to_string()));
            cells.extend(estimate(group.auc, group.auc_ci95));
            cells.push(group.undefined.clone().unwrap_or_default());
            cells
        });
        if let Some(sensitivity) = &report.sensitivity {
            let header = [
                "analysis",
                "title",
                "n",
                "n_positive",
                "left_out",
                "changed",
                "auc",
                "auc_low",
                "auc_high",
                "undefined",
            ];
            self.table("sensitivity", &header, &sensitivity.analyses, |one| {
                let mut cells = vec![one.name.clone(), one.title.clone()];
                let counts = [one.n, one.n_positive, one.left_out, one.changed];
                cells.extend(counts.map(|count| count.to_string()));
                cells.extend(estimate(one.auc, one.auc_ci95));
                cells.push(one.undefined.clone().unwrap_or_default());
                cells
            });
        }
        let items: Vec<_> = (report.checklists.iter())
            .flat_map(|list| list.items.iter().map(move |item| (&list.name, item)))
            .collect();
        let header = ["guideline", "item", "topic", "from_the_run", "left_to_the_authors"];
        self.table("checklists", &header, &items, |(name, item)| {
            vec![
                (*name).clone(),
                item.number.clone(),
                item.topic.clone(),
                item.filled.clone().unwrap_or_default(),
                item.left.clone().unwrap_or_default(),
            ]
        });
    }
}

/// A number in shortest round-trip decimals; empty where it is not defined.
fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn estimate(value: Option<f64>, interval: Option<(f64, f64)>) -> [String; 3] {
    [number(value), number(interval.map(|ci| ci.0)), number(interval.map(|ci| ci.1))]
}

/// A line of CSV. Cells that a spreadsheet would run as formulas are made inert.
fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cell = |text: String| {
        let text = foramen_table::inert(&text).into_owned();
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    cells.into_iter().map(cell).collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate;
    use crate::sample::{with_cases, with_controls};

    #[test]
    fn tables_have_as_many_cells_as_columns_and_figures_stand_alone() {
        let mut input = with_cases();
        input.controls = with_controls().controls;
        let report = evaluate(&input).unwrap();
        let files = report_files(&report, &input).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        for name in [
            "figures/roc.svg",
            "figures/calibration-ruler.svg",
            "figures/subgroups.svg",
            "tables/thresholds-cnn.csv",
            "tables/controls.csv",
            "tables/sensitivity.csv",
            "methods.txt",
        ] {
            assert!(names.contains(&name), "{name} of {names:?}");
        }
        for file in &files {
            let text = std::str::from_utf8(&file.content).unwrap();
            if file.path.ends_with(".csv") {
                let table = foramen_table::Table::read(text.as_bytes(), &[]).unwrap();
                assert!(!table.rows().is_empty(), "{}", file.path);
            }
            assert!(!text.contains("NaN"), "{}", file.path);
            let is_svg = text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"");
            assert_eq!(file.path.ends_with(".svg"), is_svg, "{}", file.path);
        }
    }

    #[test]
    fn cells_are_quoted_and_made_inert() {
        let cells = ["=1+1", "a, b", "say \"no\"", "-0.5"].map(str::to_owned);
        assert_eq!(line(cells), "'=1+1,\"a, b\",\"say \"\"no\"\"\",-0.5\n");
    }
}
