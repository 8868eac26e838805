//! Several processes on the loopback interface. Without the test harness: this program
//! starts itself once for each rank.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use foramen_tch::{GradientReducer, Group, Launch, TorchError};
use tch::{Device, Kind, Tensor};

/// What a process started by this one is to do.
const ROLE: &str = "FORAMEN_TCH_ROLE";

fn main() {
    let Ok(role) = std::env::var(ROLE) else { return start_all() };
    tch::set_num_threads(1);
    let timeout = if role == "alone" { 1 } else { 30 };
    let launch = Launch::from_environment().expect("variables").expect("several processes");
    let result = Group::join(launch, Duration::from_secs(timeout)).and_then(|group| match &*role {
        "numbers" => numbers(&group).and_then(|()| gradients(&group)),
        _ => lost(&group),
    });
    if let Err(error) = result {
        eprintln!("{error}");
        std::process::exit(3);
    }
}

fn start_all() {
    for size in [2, 4] {
        for (rank, (code, said)) in ends(start("numbers", size, free_port())).iter().enumerate() {
            assert_eq!(*code, Some(0), "rank {rank} of {size}: {said}");
        }
    }

    // A rank that is lost ends the others, who name it.
    let began = Instant::now();
    let ends_of_lost = ends(start("lost", 4, free_port()));
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert_eq!(ends_of_lost[2].0, Some(9));
    for rank in [0, 1, 3] {
        let (code, said) = &ends_of_lost[rank];
        assert_eq!(*code, Some(3), "{said}");
        assert!(said.contains(&format!("rank {rank} of 4, meeting at 127.0.0.1:")), "{said}");
        let is_named = said.contains("rank 2 is lost");
        // Rank 0 keeps the store; whoever asks after it has ended is told so.
        assert!(is_named || rank != 0 && said.contains("rank 0, or torchrun"), "{said}");
    }

    // Whoever does not come is waited for, and no longer.
    let port = free_port();
    let mut ranks = start_ranks("alone", 2, port, &[0]);
    let (code, said) = end(ranks.remove(0));
    assert!(code == Some(3) && said.contains("not all 2 processes came within 1 s"), "{said}");
    let mut ranks = start_ranks("alone", 2, port, &[1]);
    let (code, said) = end(ranks.remove(0));
    let expected = format!("nobody answered at 127.0.0.1:{port} within 1 s; start rank 0");
    assert!(code == Some(3) && said.contains(&expected), "{said}");

    // A port that is in use is named.
    let listener = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let mut ranks = start_ranks("alone", 2, port, &[0]);
    let (code, said) = end(ranks.remove(0));
    let expected = format!("port {port} of \"127.0.0.1\" cannot be opened here; set MASTER_PORT");
    assert!(code == Some(3) && said.contains(&expected), "{said}");
}

/// Sums, means, one rank's values, in several layouts and kinds.
fn numbers(group: &Group) -> Result<(), TorchError> {
    let (rank, size) = (group.rank() as f64, group.size() as f64);
    let options = (Kind::Double, Device::Cpu);
    let tensors = || [Tensor::full([3, 2], rank, options), Tensor::full([5], 2.0 * rank, options)];
    let (sums, means) = (tensors(), tensors());
    // Two buckets under way at once.
    let (first, second) = (group.sum(&sums)?, group.mean(&means)?);
    first.wait()?;
    second.wait()?;
    let of_ranks = size * (size - 1.0) / 2.0;
    for (tensors, divisor) in [(sums, 1.0), (means, size)] {
        for (tensor, times) in tensors.iter().zip([1.0, 2.0]) {
            assert!(tensor.eq(times * of_ranks / divisor).all().int64_value(&[]) == 1);
        }
    }
    let across = Tensor::full([2, 3], rank, options).transpose(0, 1);
    let bytes = Tensor::full([7], group.rank() as i64, (Kind::Uint8, Device::Cpu));
    group.broadcast(&[across.shallow_clone(), bytes.shallow_clone()], 1)?;
    assert!(across.eq(1.0).all().int64_value(&[]) == 1);
    assert_eq!(bytes.max().int64_value(&[]), 1);
    let mixed = [Tensor::zeros([1], options), Tensor::zeros([1], (Kind::Float, Device::Cpu))];
    assert!(group.sum(&mixed).is_err());
    group.barrier()
}

/// A step on shares of different sizes gives the gradients of one process with all rows.
fn gradients(group: &Group) -> Result<(), TorchError> {
    let options = (Kind::Double, Device::Cpu);
    tch::manual_seed(1);
    let rows = Tensor::randn([10, 3], options);
    let fresh = || {
        tch::manual_seed(2);
        [[3, 64], [64, 5]].map(|shape| Tensor::randn(shape, options).set_requires_grad(true))
    };
    let step = |rows: &Tensor, [first, second]: &[Tensor; 2], all: f64| {
        let out = rows.matmul(first).tanh().matmul(second);
        (&out * &out * out.sin()).sum(Kind::Double) / all
    };
    let (alone, together) = (fresh(), fresh());
    let mut reducer = GradientReducer::new(group, &together, 1 << 10)?;
    let (rank, size) = (group.rank() as i64, group.size() as i64);
    let share = rows.narrow(0, rank * 10 / size, (rank + 1) * 10 / size - rank * 10 / size);
    // Two passes: the first adds to what is here, the second averages all.
    for pass in 0..2 {
        step(&rows, &alone, 10.0).backward();
        if pass == 1 {
            reducer.prepare()?;
        }
        step(&share, &together, 10.0 / size as f64).f_backward()?;
    }
    for (found, expected) in together.iter().zip(&alone) {
        let apart = (found.grad() - expected.grad()).abs().max() / expected.grad().abs().max();
        assert!(apart.double_value(&[]) < 1e-13, "{}", apart.double_value(&[]));
    }
    Ok(())
}

/// Adds up until rank 2 is lost.
fn lost(group: &Group) -> Result<(), TorchError> {
    for round in 0.. {
        if (group.rank(), round) == (2, 20) {
            std::process::exit(9);
        }
        group.sum(&[Tensor::ones([1000], (Kind::Float, Device::Cpu))])?.wait()?;
    }
    Ok(())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

fn start(role: &str, size: usize, port: u16) -> Vec<Child> {
    start_ranks(role, size, port, &(0..size).collect::<Vec<_>>())
}

fn start_ranks(role: &str, size: usize, port: u16, ranks: &[usize]) -> Vec<Child> {
    let program = std::env::current_exe().expect("this program");
    let start = |rank: &usize| {
        Command::new(&program)
            .env(ROLE, role)
            .env("RANK", rank.to_string())
            .env("WORLD_SIZE", size.to_string())
            .env("MASTER_ADDR", "127.0.0.1")
            .env("MASTER_PORT", port.to_string())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this program starts")
    };
    ranks.iter().map(start).collect()
}

/// How a process ended, and what it said.
fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("a process that was started");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn ends(children: Vec<Child>) -> Vec<(Option<i32>, String)> {
    children.into_iter().map(end).collect()
}
