//! Batch norms of several processes on the loopback interface. Without the test harness: this
//! program starts itself once for each rank.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use foramen_kernels::FusedBatchNorm;
use foramen_tch::{GradientReducer, Group, Launch, TorchError, channels_last};
use tch::{Device, Kind, Tensor};

fn main() {
    let Some(launch) = Launch::from_environment().expect("variables") else {
        [2, 4].into_iter().for_each(start);
        return;
    };
    tch::set_num_threads(1);
    let group = Group::join(launch, Duration::from_secs(30));
    if let Err(error) = group.and_then(|group| gradients(&group)) {
        eprintln!("{error}");
        std::process::exit(3);
    }
}

fn start(size: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let program = std::env::current_exe().expect("this program");
    let start = |rank: usize| {
        Command::new(&program)
            .env("RANK", rank.to_string())
            .env("WORLD_SIZE", size.to_string())
            .env("MASTER_ADDR", "127.0.0.1")
            .env("MASTER_PORT", port.to_string())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this program starts")
    };
    let ranks: Vec<_> = (0..size).map(start).collect();
    for (rank, child) in ranks.into_iter().enumerate() {
        let output = child.wait_with_output().expect("a process that was started");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "rank {rank} of {size}: {said}");
    }
}

/// What one step computes from maps `[n, from, 8, 8]`: weights' gradients, running statistics.
fn step(maps: &Tensor, parameters: &[Tensor], all: f64, pools: bool, by_libtorch: bool) -> Tensor {
    let [weight, scale, shift, mean, variance] = parameters else { panic!("five tensors") };
    let maps = maps.conv2d::<Tensor>(weight, None, [1, 1], [1, 1], [1, 1], 1);
    let maps = channels_last(&maps).expect("maps");
    let norm = [scale, shift, mean, variance];
    let fused = FusedBatchNorm { by_libtorch, ..FusedBatchNorm::default() };
    let maps = if pools {
        fused.forward_pooled(&maps, norm)
    } else {
        let residual = channels_last(&maps.roll([1], [3])).expect("maps");
        fused.forward(&maps, Some(&residual), norm, true)
    };
    let maps = maps.expect("a norm of as many channels");
    (&maps * &maps * maps.sin()).sum(maps.kind()) / all
}

/// A step on shares of different sizes gives the gradients of one process with all maps.
fn gradients(group: &Group) -> Result<(), TorchError> {
    for (kind, pools, by_libtorch, tolerance) in [
        (Kind::Double, false, false, 1e-13),
        (Kind::Float, false, false, 1e-4),
        (Kind::Float, true, false, 1e-4),
        (Kind::Float, true, true, 1e-4),
    ] {
        tch::manual_seed(1);
        let maps = Tensor::randn([10, 3, 8, 8], (kind, Device::Cpu)) + 0.5;
        let fresh = || {
            tch::manual_seed(2);
            let options = (kind, Device::Cpu);
            let weight = Tensor::randn([64, 3, 3, 3], options);
            let trained = [weight, Tensor::rand([64], options), Tensor::rand([64], options)];
            let mut all: Vec<_> =
                trained.into_iter().map(|tensor| tensor.set_requires_grad(true)).collect();
            all.extend([Tensor::zeros([64], options), Tensor::ones([64], options)]);
            all
        };
        let alone = fresh();
        for _ in 0..2 {
            step(&maps, &alone, 10.0, pools, by_libtorch).backward();
        }

        let together = fresh();
        let mut reducer = GradientReducer::new(group, &together[..3], 1 << 10)?;
        let (rank, size) = (group.rank() as i64, group.size() as i64);
        let share = maps.narrow(0, rank * 10 / size, (rank + 1) * 10 / size - rank * 10 / size);
        // Two passes: the first adds to what is here, the second averages all.
        for pass in 0..2 {
            if pass == 1 {
                reducer.prepare()?;
            }
            let all = 10.0 / size as f64;
            let loss = group.share_norms(|| step(&share, &together, all, pools, by_libtorch))?;
            loss.f_backward()?;
        }
        for (number, (found, expected)) in together.iter().zip(&alone).enumerate() {
            let (found, expected) = match number {
                0..3 => (found.grad(), expected.grad()),
                _ => (found.shallow_clone(), expected.shallow_clone()),
            };
            let apart = (found - &expected).abs().max() / expected.abs().max();
            let apart = apart.double_value(&[]);
            assert!(apart < tolerance, "{kind:?}, pools {pools}, tensor {number}: {apart:e}");
        }
    }
    Ok(())
}
