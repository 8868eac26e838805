use foramen_outcome::{Episode, Groups, Outcomes, Prevalence, Sensitivity};
use serde_json::{Value, json};

use crate::terminal::say;

/// Labels, rejections and flow as JSON for programs.
#[must_use]
pub(crate) fn labels_json(outcomes: &Outcomes, sensitivity: &Sensitivity) -> Value {
    let rejected = outcomes.rejected.iter().map(|r| {
        let (kind, reason) = (r.reason.name(), r.reason.to_string());
        json!({"row": r.row, "column": r.column, "value": r.value, "kind": kind, "reason": reason})
    });
    let excluded = outcomes.excluded.iter().map(|e| {
        json!({
            "rows": e.rows, "subject_id": e.subject.as_str(), "level": e.level.name(),
            "side": e.side.name(), "injection_date": e.injection_date.to_string(),
            "nrs_baseline": e.nrs_baseline.map(|nrs| nrs.get()),
            "kind": e.reason.name(), "reason": e.reason.to_string(),
        })
    });
    let missed = outcomes
        .missed_visits
        .iter()
        .map(|visit| json!({"subject_id": visit.subject.as_str(), "event": visit.event}));
    let missing = outcomes.missing_outcomes();
    json!({
        "encoding": outcomes.encoding,
        "episodes": outcomes.episodes.iter().map(episode).collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
        "excluded": excluded.collect::<Vec<_>>(),
        "missed_visits": missed.collect::<Vec<_>>(),
        "flow": flow(outcomes),
        "missing_outcomes": {
            "missing": missing.missing,
            "complete_cases": prevalence(missing.complete_cases),
            "missing_is_failure": prevalence(missing.missing_is_failure),
            "missing_is_success": prevalence(missing.missing_is_success),
        },
        "sensitivity": definitions(sensitivity),
        "characteristics": characteristics(outcomes),
    })
}

fn episode(e: &Episode) -> Value {
    json!({
        "rows": e.rows, "shared_rows": e.shared_rows, "subject_id": e.subject.as_str(),
        "level": e.level.name(), "side": e.side.name(),
        "injection_date": e.injection_date.to_string(),
        "followup_date": e.followup_date.to_string(),
        "days": e.days(), "scan_age_days": e.scan_age(),
        "nrs_baseline": e.nrs_baseline.get(), "nrs_followup": e.nrs_followup.get(),
        "favourable": e.outcome.is_favourable(), "low_baseline": e.low_baseline,
        "event": e.event.map(|event| event.kind.name()), "late_scan": e.scan_is_late(),
    })
}

fn flow(outcomes: &Outcomes) -> Value {
    let flow = outcomes.flow();
    let steps = |steps: &[foramen_outcome::FlowStep]| {
        let step = |step: &foramen_outcome::FlowStep| json!({"reason": step.reason, "n": step.n});
        steps.iter().map(step).collect::<Vec<_>>()
    };
    json!({
        "rows": flow.rows, "rejected": steps(&flow.rejected), "used": flow.used,
        "identified": flow.identified, "excluded": steps(&flow.excluded),
        "episodes": flow.episodes, "subjects": flow.subjects, "favourable": flow.favourable,
        "poor": flow.poor, "low_baseline": flow.low_baseline, "with_event": flow.with_event,
        "late_scan": flow.late_scan,
    })
}

fn prevalence(prevalence: Option<Prevalence>) -> Value {
    prevalence.map_or(Value::Null, |p| {
        let (low, high) = p.interval();
        json!({"favourable": p.favourable, "of": p.of, "share": p.share(), "ci95": [low, high]})
    })
}

fn definitions(sensitivity: &Sensitivity) -> Value {
    let definitions = sensitivity.definitions.iter().enumerate().map(|(n, definition)| {
        json!({
            "name": definition.name, "description": definition.description,
            "prevalence": prevalence(sensitivity.prevalence[n]),
            "changed": sensitivity.changed[n],
        })
    });
    let rows = sensitivity.rows.iter().map(|row| {
        let labels: Vec<Option<u8>> = row.labels.iter().map(|l| l.map(|l| l.label())).collect();
        json!({
            "subject_id": row.subject.as_str(), "level": row.level.name(),
            "side": row.side.name(), "injection_date": row.injection_date.to_string(),
            "labels": labels,
        })
    });
    json!({"definitions": definitions.collect::<Vec<_>>(), "rows": rows.collect::<Vec<_>>()})
}

fn characteristics(outcomes: &Outcomes) -> Value {
    let summary = |summary: &foramen_outcome::Summary| {
        json!({
            "n": summary.n, "median": summary.median, "mean": summary.mean,
            "quartiles": [summary.quartiles.0, summary.quartiles.1],
        })
    };
    let lines = outcomes.characteristics().into_iter().map(|line| {
        let groups = match &line.groups {
            Groups::Number { favourable, poor } => json!({
                "favourable": favourable.as_ref().map(summary), "poor": poor.as_ref().map(summary),
            }),
            Groups::Category(words) => words
                .iter()
                .map(|(word, good, bad)| json!({"word": word, "favourable": good, "poor": bad}))
                .collect(),
        };
        json!({
            "name": line.name, "groups": groups,
            "missing": {"favourable": line.missing.0, "poor": line.missing.1},
            "test": line.test.map(|(test, _)| test.name()), "p": line.test.map(|(_, p)| p),
        })
    });
    lines.collect()
}

/// The table of characteristics and the prevalence under each definition, for
/// people to read.
pub(crate) fn print_analyses(outcomes: &Outcomes, sensitivity: &Sensitivity) {
    say!("\nnumbers: median (quartiles); others: injections");
    say!("{:<28} {:>18} {:>18} {:>8}", "characteristic", "favourable", "poor", "p");
    for line in outcomes.characteristics() {
        let p = line.test.map_or_else(|| "–".to_owned(), |(_, p)| format!("{p:.3}"));
        match &line.groups {
            Groups::Number { favourable, poor } => {
                let text = |summary: &Option<foramen_outcome::Summary>| {
                    summary.map_or_else(
                        || "–".to_owned(),
                        |s| format!("{} ({} to {})", s.median, s.quartiles.0, s.quartiles.1),
                    )
                };
                say!("{:<28} {:>18} {:>18} {p:>8}", line.name, text(favourable), text(poor));
            }
            Groups::Category(words) => {
                say!("{:<28} {:>18} {:>18} {p:>8}", line.name, "", "");
                for (word, good, bad) in words {
                    say!("  {word:<26} {good:>18} {bad:>18}");
                }
            }
        }
    }
    say!("\n{:<40} {:>24} {:>8}", "definition", "favourable, % (95 % CI)", "changed");
    for (n, definition) in sensitivity.definitions.iter().enumerate() {
        let share = sensitivity.prevalence[n].map_or_else(
            || "–".to_owned(),
            |p| {
                let (low, high) = p.interval();
                let (share, low, high) = (100.0 * p.share(), 100.0 * low, 100.0 * high);
                format!("{}/{} {share:.0} ({low:.0}–{high:.0})", p.favourable, p.of)
            },
        );
        say!("{:<40} {share:>24} {:>8}", definition.description, sensitivity.changed[n]);
    }
}
