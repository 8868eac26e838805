//! `ATEN_CPU_CAPABILITY`, which libtorch reads once, decides for kernels too.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

use std::process::Command;

use foramen_kernels::{InstructionSet, instruction_set, winograd_convolution};
use foramen_tch::channels_last;
use tch::{Device, Kind, Tensor};

/// What the processes below run.
#[test]
fn says_what_kernels_run_in() {
    let options = (Kind::Float, Device::Cpu);
    let maps = channels_last(&Tensor::randn([2, 16, 20, 20], options)).unwrap();
    let weight = Tensor::randn([16, 16, 3, 3], options);
    let ours = winograd_convolution(&maps, &weight).unwrap();
    let libtorch = maps.conv2d(&weight, None::<Tensor>, 1, 1, 1, 1);
    // Winograd's domain rounds otherwise.
    assert_eq!(ours == libtorch, instruction_set().is_none());
    let name = instruction_set().map_or("libtorch".to_owned(), |set| set.to_string());
    println!("kernels run in {name}.");
}

#[test]
fn the_capability_of_libtorch_rules_instruction_sets_out() {
    let best = instruction_set();
    let with = |capability: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "says_what_kernels_run_in", "--nocapture"]);
        let output = command.env("ATEN_CPU_CAPABILITY", capability).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        said
    };
    let said = |set: Option<InstructionSet>| {
        let name = set.map_or("libtorch".to_owned(), |set| set.to_string());
        format!("kernels run in {name}.")
    };
    assert!(with("default").contains(&said(None)));
    assert!(with("avx2").contains(&said(best.min(Some(InstructionSet::Avx2)))));
    assert!(with("avx512").contains(&said(best)));
}
