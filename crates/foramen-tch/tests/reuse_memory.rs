//! Without the test harness, because it is about the main thread's memory.

use foramen_tch::reuse_memory;
use tch::{Device, Kind, Tensor};

fn main() {
    let without = page_faults_of_steps();
    let reuses = reuse_memory().expect("the allocator takes thresholds");
    assert_eq!(reuses, cfg!(target_env = "gnu"));
    let with = page_faults_of_steps();
    assert!(!reuses || with < without / 2, "{with} page faults in place of {without}");
}

/// Pages that the kernel gave this process for ten steps, which keep maps of 4 to
/// 64 MB until each ends.
fn page_faults_of_steps() -> u64 {
    let before = page_faults();
    for _ in 0..10 {
        let maps: Vec<Tensor> = (0..5)
            .map(|halvings| Tensor::ones([(16 << 20) >> halvings], (Kind::Float, Device::Cpu)))
            .collect();
        drop(maps);
    }
    page_faults() - before
}

/// `minflt` of proc(5).
fn page_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields after the name, which may hold spaces.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split(' ').nth(7).map_or(0, |faults| faults.parse().expect("a number"))
}
