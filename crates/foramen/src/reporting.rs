use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use foramen_phantom::{Chosen, Truth};
use foramen_report::{
    Cohort, ExamplePicture, Excluded, Model, Prediction, ReportInput, TruthComparison,
};
use foramen_study::{CohortFlow, EpisodeSelection, Selected, Selections};
use serde_json::{Value, json};

use crate::inputs::OpenedInputs;
use crate::training::{TrainArguments, TrainedModel};

/// How many example slices the report shows.
const EXAMPLES: usize = 6;

/// Everything the report is made from.
///
/// # Errors
/// When a picture cannot be encoded or the truth of a synthetic cohort cannot be
/// read.
pub(crate) fn report_input(
    inputs: &OpenedInputs,
    selected: &Selected,
    models: &[TrainedModel],
    timing: Vec<(String, f64)>,
    provenance: &Value,
    seed: u64,
) -> Result<ReportInput> {
    let flow = CohortFlow::of(&selected.manifest);
    let excluded = flow.excluded.iter();
    Ok(ReportInput {
        title: "Outcome of cervical transforaminal epidural steroid injection".to_owned(),
        synthetic: inputs.truth.is_some(),
        cohort: Cohort {
            rows: flow.rows,
            included: flow.included,
            favourable: flow.favourable,
            excluded: excluded
                .map(|count| Excluded { reason: count.reason.to_string(), n: count.rows })
                .collect(),
            studies_without_row: flow.studies_without_row,
        },
        models: models.iter().map(model).collect(),
        examples: examples(&selected.selections, models)?,
        truth: inputs
            .truth
            .as_deref()
            .map(|path| truth_comparison(path, &selected.selections))
            .transpose()?,
        timing_s: timing,
        provenance: provenance.clone(),
        seed,
    })
}

fn model(trained: &TrainedModel) -> Model {
    let predictions = trained
        .predictions
        .iter()
        .filter_map(|p| {
            Some(Prediction {
                subject: p.subject.clone(),
                level: p.level,
                side: p.side,
                repeat: 0,
                fold: p.fold,
                favourable: p.outcome?.is_favourable(),
                probability: p.probability.get(),
            })
        })
        .collect();
    let mut model = Model::new(&trained.name, predictions);
    model.title = trained.title.to_owned();
    model.description.clone_from(&trained.description);
    model.threshold = trained.threshold;
    model
}

/// Chosen slices from the narrowest to the widest, evenly among those that were
/// chosen, with what was predicted and what became of them.
fn examples(selections: &Selections, models: &[TrainedModel]) -> Result<Vec<ExamplePicture>> {
    let width = |episode: &EpisodeSelection| {
        episode.chosen.as_ref().and_then(|chosen| chosen.foramen.width).unwrap_or(0.0)
    };
    let mut drawn: Vec<&EpisodeSelection> =
        selections.episodes.iter().filter(|episode| episode.picture.is_some()).collect();
    drawn.sort_by(|a, b| width(a).total_cmp(&width(b)));
    let last = drawn.len().saturating_sub(1);
    let mut places: Vec<usize> = (0..EXAMPLES).map(|i| i * last / (EXAMPLES - 1)).collect();
    places.dedup();
    let mut pictures = Vec::new();
    for episode in places.into_iter().filter_map(|place| drawn.get(place)) {
        let Some(picture) = &episode.picture else { continue };
        let mut png = Vec::new();
        picture.write_png(&mut png)?;
        let prediction = models.first().and_then(|model| {
            let of_episode = |p: &&foramen_learn::Prediction| {
                p.subject == episode.subject && p.level == episode.level && p.side == episode.side
            };
            let found = model.predictions.iter().find(of_episode)?;
            let outcome = found.outcome.map(|o| o.to_string()).unwrap_or_default();
            let percent = 100.0 * found.probability.get();
            Some(format!("; {} said {percent:.0} % favourable, it was {outcome}", model.title))
        });
        let (subject, level, side, mm) =
            (&episode.subject, episode.level, episode.side, width(episode));
        let caption =
            format!("{subject}, {level} {side}: {mm:.1} mm{}", prediction.unwrap_or_default());
        pictures.push(ExamplePicture { caption, png });
    }
    Ok(pictures)
}

/// What the truth of a synthetic cohort says of the selections.
fn truth_comparison(path: &Path, selections: &Selections) -> Result<TruthComparison> {
    let truth = Truth::read(path)?;
    let chosen: BTreeMap<String, Chosen> = selections
        .episodes
        .iter()
        .map(|episode| {
            let slice = episode.chosen.as_ref();
            let chosen = Chosen {
                sop_instance_uid: slice.map(|slice| slice.source.sop_instance_uid.clone()),
                width: slice.and_then(|slice| slice.foramen.width),
                naive_sop_instance_uid: episode
                    .naive
                    .as_ref()
                    .map(|source| source.sop_instance_uid.clone()),
            };
            (episode.subject.to_string(), chosen)
        })
        .collect();
    let score = truth.score(&chosen);
    let score = score.as_ref();
    Ok(TruthComparison {
        oracle_auc: truth.oracle_auc,
        oracle_image_auc: truth.oracle_image_auc,
        width_error_median_mm: score.and_then(|s| s.median_error),
        width_error_p95_mm: score.and_then(|s| s.error_95),
        n_rows: score.map_or(0, |s| s.subjects),
        found: score.map_or(0, |s| s.found),
        slice_hits: score.map(|s| s.right_slice),
        within_one_slice: score.map(|s| s.within_one_slice),
        naive_slice_hits: score.map(|s| s.naive_right_slice),
    })
}

/// How the numbers came about: versions, commit, device, threads, configuration.
#[must_use]
pub(crate) fn provenance(arguments: &TrainArguments, device: &str) -> Value {
    let mut provenance = json!({
        "foramen": foramen_study::VERSION,
        "commit": option_env!("FORAMEN_COMMIT"),
        "command": std::env::args().skip(1).collect::<Vec<_>>().join(" "),
        "device": device,
        "seed": arguments.seed,
        "folds": arguments.folds,
        "data_threads": rayon::current_num_threads(),
    });
    #[cfg(feature = "torch")]
    if let Ok(choice) = arguments.device.parse() {
        let config = foramen_cnn::CnnConfig::default().with_device(choice);
        if let Ok(environment) = foramen_cnn::Environment::resolve(&config) {
            provenance["libtorch"] = environment.libtorch.clone().into();
            provenance["torch_threads"] = environment.threads.into();
            provenance["dtype"] = environment.number_format().into();
            provenance["cpu_capability"] = environment.cpu_capability.into();
        }
    }
    if let Value::Object(map) = &mut provenance {
        map.retain(|_, value| !value.is_null());
    }
    provenance
}
