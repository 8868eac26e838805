use std::collections::BTreeMap;

use foramen_phantom::{Chosen, Truth};
use foramen_report::TruthComparison;
use foramen_study::Selections;

/// The choice for each subject.
pub(crate) fn chosen_of(selections: &Selections) -> BTreeMap<String, Chosen> {
    let chosen = selections.episodes.iter().map(|episode| {
        let slice = episode.chosen.as_ref();
        let naive = episode.naive.as_ref();
        let chosen = Chosen {
            sop_instance_uid: slice.map(|slice| slice.source.sop_instance_uid.clone()),
            width: slice.and_then(|slice| slice.foramen.width),
            naive_sop_instance_uid: naive.map(|source| source.sop_instance_uid.clone()),
        };
        (episode.subject.to_string(), chosen)
    });
    chosen.collect()
}

/// The comparison of the choices with the truth of a synthetic cohort.
pub(crate) fn truth_comparison(
    truth: &Truth,
    chosen: &BTreeMap<String, Chosen>,
) -> TruthComparison {
    let score = truth.score(chosen);
    let score = score.as_ref();
    TruthComparison {
        oracle_auc: truth.oracle_auc,
        oracle_image_auc: truth.oracle_image_auc,
        width_error_median_mm: score.and_then(|s| s.median_error),
        width_error_p95_mm: score.and_then(|s| s.error_95),
        n_rows: score.map_or(0, |s| s.subjects),
        found: score.map_or(0, |s| s.found),
        slice_hits: score.map(|s| s.right_slice),
        within_one_slice: score.map(|s| s.within_one_slice),
        naive_slice_hits: score.map(|s| s.naive_right_slice),
    }
}
