//! Networks of the literature as trunks of the CNN.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use channels::{dataset, small};
use foramen_cnn::{Architecture, Cnn, CnnError, CnnModel};
use foramen_learn::{Classifier, Learner, Split};

#[test]
fn every_network_is_trained_saved_and_read_back() {
    let data = dataset(24, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let folder = tempfile::tempdir().unwrap();
    for architecture in Architecture::ALL {
        let mut config = small().with_epochs(1).with_images_per_epoch(8);
        config.batch = 8;
        config.small_stem = architecture == Architecture::ResNet34;
        let cnn = Cnn::new(config.with_architecture(architecture));
        let model = cnn.fit(&fold.train, &fold.tune).unwrap();
        let path = folder.path().join(architecture.name());
        model.save(&path).unwrap();
        let loaded = CnnModel::load(&path).unwrap();
        assert_eq!(loaded.config().architecture, architecture);
        let samples = fold.test.samples();
        assert_eq!(loaded.predict(samples).unwrap(), model.predict(samples).unwrap());
    }
}

#[test]
fn weights_that_are_not_there_or_not_published_are_refused() {
    let data = dataset(24, 0);
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let fit = |architecture| {
        let config = small().with_architecture(architecture).with_weights("no/such/file");
        Cnn::new(config).fit(&fold.train, &fold.tune).unwrap_err()
    };
    let error = fit(Architecture::ResNet18);
    assert!(matches!(error, CnnError::Io { action: "read", .. }), "{error}");
    let error = fit(Architecture::Compact);
    assert!(matches!(error, CnnError::Config { setting: "weights", .. }), "{error}");
}
