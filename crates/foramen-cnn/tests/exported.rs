//! What leaves a trained model: TorchScript, explanations, a card.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "tests draw numbers of known size"
)]

#[path = "drawn/channels.rs"]
mod channels;

use channels::{dataset, small};
use foramen_cnn::{Cnn, CnnModel, ModelCard, Precision};
use foramen_image::ndarray::Array2;
use foramen_learn::{Dataset, Learner, Sample, Split};
use foramen_types::{Level, Outcome};
use tch::{CModule, Tensor};

fn trained(data: &Dataset) -> CnnModel {
    let fold = Split::by_subject(data, 3, 1).unwrap().fold(data, 0);
    let config = small().with_precision(Precision::F32).with_members(2).with_epochs(4);
    Cnn::new(config).fit(&fold.train, &fold.tune).unwrap()
}

#[test]
fn the_exported_model_says_what_the_model_says() {
    let data = dataset(60, 1);
    let model = trained(&data);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.pt");
    model.export_torchscript(&path).unwrap();
    let module = CModule::load(&path).unwrap();
    // Another batch than the traced one, other levels, values that are clamped.
    let mut samples: Vec<Sample> = data.samples()[..7].to_vec();
    samples[1].level = Level::C6C7;
    samples[2].level = Level::C2C3;
    samples[3].patch *= 5.0;
    let refs: Vec<&Sample> = samples.iter().collect();
    let answers = model.answer(&refs).unwrap();
    let pixels: Vec<f32> = samples.iter().flat_map(|s| s.patch.iter().copied()).collect();
    let level = |s: &Sample| Level::ALL.iter().position(|level| *level == s.level).unwrap() as i64;
    let levels: Vec<i64> = samples.iter().map(level).collect();
    let patches = Tensor::from_slice(&pixels).view([7, 1, 48, 48]);
    let said = module.forward_ts(&[patches, Tensor::from_slice(&levels)]).unwrap();
    assert_eq!(said.size(), [7, 2]);
    for (i, answer) in answers.iter().enumerate() {
        let probability = 1.0 / (1.0 + (-answer.logit).exp());
        let (p, mm) = (said.double_value(&[i as i64, 0]), said.double_value(&[i as i64, 1]));
        assert!((p - probability).abs() < 1e-5, "{i}: {p} {probability}");
        let width = answer.width.unwrap();
        assert!((mm - width).abs() < 1e-4, "{i}: {mm} {width}");
    }
}

#[test]
fn a_model_of_foramina_refuses_plain_images_and_is_not_exported_beside_one_of_images() {
    let data = dataset(40, 1);
    let unseen = data.samples().iter().map(|s| Sample { width: None, ..s.clone() }).collect();
    let unseen = Dataset::new(unseen).unwrap();
    let fit = |data: &Dataset| {
        let fold = Split::by_subject(data, 3, 1).unwrap().fold(data, 0);
        Cnn::new(small().with_epochs(1).with_images_per_epoch(64)).fit(&fold.train, &fold.tune)
    };
    let (of_foramina, of_images) = (fit(&data).unwrap(), fit(&unseen).unwrap());
    let images = foramen_cnn::ndarray::Array3::zeros((2, 48, 48));
    assert_eq!(of_images.predict_images(images.view()).unwrap().len(), 2);
    let error = of_foramina.predict_images(images.view()).unwrap_err().to_string();
    assert!(error.contains("samples with their level"), "{error}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = CnnModel::export_mean(&[&of_foramina, &of_images], file.path()).unwrap_err();
    assert!(error.to_string().contains("model 2 has not, and the first has learned widths"));
}

/// Mean of a map over the pixels for which `inside` holds.
fn mean(map: &Array2<f32>, inside: impl Fn(usize, usize) -> bool) -> f32 {
    let chosen = map.indexed_iter().filter(|((r, c), _)| inside(*r, *c)).map(|(_, value)| *value);
    let values: Vec<f32> = chosen.collect();
    values.iter().sum::<f32>() / values.len() as f32
}

#[test]
fn heat_is_where_hiding_hurts_and_not_outside_the_field_of_view() {
    let data = dataset(100, 3);
    let model = trained(&data);
    let widest = |a: &&Sample, b: &&Sample| a.width.unwrap().total_cmp(&b.width.unwrap());
    let sample = data.samples().iter().max_by(widest).unwrap();
    let cam = model.grad_cam(sample, Outcome::Favourable).unwrap();
    let hidden = model.occlusion(sample, Outcome::Favourable, 8).unwrap();
    for map in [&cam.values, &hidden.values] {
        assert_eq!(map.dim(), (48, 48));
        assert!(map.iter().all(|value| value.is_finite() && *value >= 0.0));
        assert!(map.iter().any(|value| *value > 0.0));
        // The field of view is 32 of 48 pixels.
        assert_eq!(mean(map, |r, c| r < 8 || c < 8 || r >= 40 || c >= 40), 0.0);
    }
    // Where hiding hurts more than in the median, there is more heat.
    let mut falls: Vec<f32> = hidden.values.iter().copied().filter(|value| *value > 0.0).collect();
    falls.sort_by(f32::total_cmp);
    let median = falls[falls.len() / 2];
    let seen = |r: usize, c: usize| (8..40).contains(&r) && (8..40).contains(&c);
    let hot = mean(&cam.values, |r, c| seen(r, c) && hidden.values[(r, c)] > median);
    let cold = mean(&cam.values, |r, c| seen(r, c) && hidden.values[(r, c)] <= median);
    assert!(hot > cold, "{hot} {cold}");

    let picture = cam.overlay(&sample.patch);
    assert_eq!((picture.rows(), picture.columns()), (96, 96));
    let mut png = Vec::new();
    picture.write_png(&mut png).unwrap();
    assert_eq!(&png[1..4], b"PNG");
}

#[test]
fn a_saved_model_has_a_card_that_tells_what_it_learned_from() {
    let data = dataset(60, 1);
    let model = trained(&data);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    model.save(&path).unwrap();
    let read = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
    let fold = Split::by_subject(&data, 3, 1).unwrap().fold(&data, 0);
    let (train, tune) = (fold.train.samples().len(), fold.tune.samples().len());
    let card: serde_json::Value = serde_json::from_str(&read("card.json")).unwrap();
    assert_eq!(card["learned"]["train"], train);
    assert_eq!(card["learned"]["auxiliary"], train);
    assert_eq!(card["learned"]["tune"], tune);
    assert_eq!(card["metrics"][0]["name"], "AUC");
    assert!(read("card.md").contains("on which it was chosen"), "{}", read("card.md"));

    let loaded = CnnModel::load(&path).unwrap();
    assert_eq!(loaded.learned(), model.learned());
    let card = ModelCard::of(&loaded)
        .with_data("Drawn channels.")
        .with_metric("AUC", 0.9, Some((0.8, 0.95)), "20 samples not seen")
        .with_limit("Not for people.");
    card.write(&path).unwrap();
    let text = read("card.md");
    assert!(text.contains("| AUC | 0.900 | 0.800–0.950 | 20 samples not seen |"), "{text}");
    assert!(text.contains("Drawn channels.") && text.contains("- Not for people."));
}
