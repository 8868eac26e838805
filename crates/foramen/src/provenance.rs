use serde_json::{Value, json};

use crate::train_arguments::{SplitBy, TrainArguments};

/// How the results were computed: versions, commit, device, threads, configuration.
#[must_use]
pub(crate) fn provenance(arguments: &TrainArguments, device: &str) -> Value {
    let mut provenance = json!({
        "foramen": foramen_study::VERSION,
        "commit": option_env!("FORAMEN_COMMIT"),
        "command": std::env::args().skip(1).collect::<Vec<_>>().join(" "),
        "device": device,
        "seed": arguments.seed,
        "folds": arguments.folds,
        "split_by": arguments.split_by.map(SplitBy::name),
        "test_from": arguments.test_from.map(|day| day.to_string()),
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
