//! EfficientNet-Lite0 against activations computed with numpy.
#![allow(clippy::unwrap_used, reason = "tests read files of known content")]

use std::path::PathBuf;

use foramen_cnn::EfficientNetLite0;
use tch::{Device, Tensor};

/// The converted weights and the reference, where both are.
fn files() -> Option<(PathBuf, PathBuf)> {
    let weights = std::env::var_os("FORAMEN_LITE0_WEIGHTS").map(PathBuf::from)?;
    let data = std::env::var_os("FORAMEN_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let golden = data.join("weights/golden_lite0.npz");
    golden.is_file().then_some((weights, golden))
}

#[test]
fn features_and_classes_are_those_of_the_reference() {
    let Some((weights, golden)) = files() else {
        println!("skipped: set FORAMEN_LITE0_WEIGHTS (`cargo xtask lite0`) and FORAMEN_TEST_DATA");
        return;
    };
    let network = EfficientNetLite0::load(&weights, Device::Cpu).unwrap();
    let golden = Tensor::read_npz(golden).unwrap();
    let of =
        |name: String| golden.iter().find(|(other, _)| *other == name).unwrap().1.shallow_clone();
    let pictures = golden.iter().filter_map(|(name, _)| name.strip_suffix("_input"));
    let mut seen = 0;
    for picture in pictures {
        let image = of(format!("{picture}_input")).unsqueeze(0);
        let (features, logits) = tch::no_grad(|| {
            let features = network.features(&image, false);
            let logits = network.classes(&features);
            (features, logits)
        });
        for (found, what) in [(features, "feat"), (logits, "logits")] {
            let expected = of(format!("{picture}_{what}"));
            let worst = (found.squeeze() - expected).abs().max().double_value(&[]);
            println!("{picture} {what}: {worst:.1e}");
            assert!(worst < 1e-4, "{picture} {what}: {worst}");
        }
        seen += 1;
    }
    assert_eq!(seen, 5);
}
