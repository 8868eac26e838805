//! What `torchrun`, Slurm or a person says about the processes that train together.

use std::fmt;
use std::net::UdpSocket;
use std::str::FromStr;

use crate::TorchError;

/// Where a process stands among those that train together, and where they meet.
///
/// ```
/// use foramen_tch::Launch;
///
/// let variables = [("RANK", "1"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "node-1")];
/// let read = |name: &str| {
///     variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
/// };
/// let error = Launch::from_variables(read).unwrap_err().to_string();
/// assert!(error.contains("MASTER_PORT"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Launch {
    /// This process, from 0.
    pub rank: usize,
    /// Processes in all, at least 1.
    pub size: usize,
    /// The number of this process among those on its machine, from 0.
    pub local_rank: usize,
    /// Processes on this machine, where the launcher says it.
    pub local_size: Option<usize>,
    /// Name or address of the machine of rank 0.
    pub address: String,
    /// The port there at which processes meet.
    pub port: u16,
    /// Whether rank 0 opens that port; `torchrun` does it itself.
    serves: bool,
    /// What tells a start from an earlier one that met at the same store.
    attempt: String,
}

impl Launch {
    /// Reads `RANK`, `WORLD_SIZE`, `LOCAL_RANK`, `MASTER_ADDR` and `MASTER_PORT` from the
    /// environment, as `torchrun` sets them, or what Slurm's `srun` sets in their place:
    /// `SLURM_PROCID`, `SLURM_STEP_NUM_TASKS`, `SLURM_LOCALID`, and for the address the first
    /// machine of `SLURM_STEP_NODELIST`. The port has to be given there too.
    ///
    /// `None` where neither says that there is more than one process.
    ///
    /// # Errors
    /// [`TorchError::Launch`] for a variable that is missing or is not what it should be.
    pub fn from_environment() -> Result<Option<Self>, TorchError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The same from any variables.
    ///
    /// # Errors
    /// As for [`Launch::from_environment`].
    pub fn from_variables(
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, TorchError> {
        let read = |name: &'static str| {
            let value = read(name).filter(|value| !value.trim().is_empty())?;
            Some(Variable { name, value: value.trim().to_owned() })
        };
        let either = |[first, second]: [&'static str; 2]| read(first).or_else(|| read(second));
        let Some(world) = either(["WORLD_SIZE", "SLURM_STEP_NUM_TASKS"]) else { return Ok(None) };
        let size: usize = world.parse("a number of processes from 1")?;
        if size == 0 {
            return Err(world.refused("a number of processes from 1"));
        }
        if size == 1 {
            return Ok(None);
        }
        let rank = either(["RANK", "SLURM_PROCID"]).ok_or_else(|| missing("RANK"))?;
        let rule = "a number from 0 and below WORLD_SIZE";
        let number: usize = rank.parse(rule)?;
        if number >= size {
            return Err(rank.refused(rule));
        }
        let local = either(["LOCAL_RANK", "SLURM_LOCALID"]);
        let address = match (read("MASTER_ADDR"), read("SLURM_STEP_NODELIST")) {
            (Some(address), _) => address.value,
            (None, Some(list)) => first_machine(&list.value),
            (None, None) => return Err(missing("MASTER_ADDR")),
        };
        let port = read("MASTER_PORT").ok_or_else(|| missing("MASTER_PORT"))?;
        let is_torchrun = read("TORCHELASTIC_USE_AGENT_STORE").is_some_and(|v| v.value == "True");
        Ok(Some(Self {
            rank: number,
            size,
            local_rank: local.map_or(Ok(0), |local| local.parse("a number from 0"))?,
            local_size: read("LOCAL_WORLD_SIZE")
                .map(|local| local.parse("a number of processes"))
                .transpose()?,
            address,
            port: port.parse("a port from 1 to 65535")?,
            serves: number == 0 && !is_torchrun,
            attempt: read("TORCHELASTIC_RESTART_COUNT").map_or("0".to_owned(), |n| n.value),
        }))
    }

    /// Whether this process opens the port.
    pub(crate) fn serves(&self) -> bool {
        self.serves
    }

    /// What the keys of this start begin with in the store.
    pub(crate) fn prefix(&self) -> String {
        format!("foramen/{}", self.attempt)
    }

    /// The address of this machine from which it reaches the machine of rank 0, and at which
    /// others can therefore reach it.
    pub(crate) fn interface(&self) -> std::io::Result<String> {
        // Nothing is sent: the system only says which way it would take.
        let host = (&*self.address, self.port);
        let address = std::net::ToSocketAddrs::to_socket_addrs(&host)?
            .next()
            .ok_or_else(|| std::io::Error::other("it has no address"))?;
        let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any)?;
        socket.connect(address)?;
        Ok(socket.local_addr()?.ip().to_string())
    }
}

impl fmt::Display for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rank, size, address, port, .. } = self;
        write!(f, "rank {rank} of {size}, meeting at {address}:{port}")
    }
}

/// A variable of the environment.
struct Variable {
    name: &'static str,
    value: String,
}

impl Variable {
    fn parse<T: FromStr>(&self, rule: &'static str) -> Result<T, TorchError> {
        self.value.parse().map_err(|_| self.refused(rule))
    }

    fn refused(&self, rule: &'static str) -> TorchError {
        let Self { name, value } = self;
        TorchError::Launch { variable: name, problem: format!("is {value:?}; it must be {rule}") }
    }
}

fn missing(variable: &'static str) -> TorchError {
    let problem = "is missing; each of several processes needs RANK, WORLD_SIZE, MASTER_ADDR and \
                   MASTER_PORT (torchrun sets all of them, srun all but the port)";
    TorchError::Launch { variable, problem: problem.to_owned() }
}

/// The first machine of Slurm's `node[03-05,07],other`: `node03`.
fn first_machine(list: &str) -> String {
    let Some((name, numbers)) = list.split_once('[') else {
        return list.split(',').next().unwrap_or(list).to_owned();
    };
    if name.contains(',') {
        return name.split(',').next().unwrap_or(name).to_owned();
    }
    let first = numbers.split([',', '-', ']']).next().unwrap_or("");
    format!("{name}{first}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Launch>, TorchError> {
        Launch::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn torchrun_and_slurm_are_understood() {
        let torchrun = [
            ("RANK", "3"),
            ("WORLD_SIZE", "4"),
            ("LOCAL_RANK", "1"),
            ("LOCAL_WORLD_SIZE", "2"),
            ("MASTER_ADDR", "10.0.0.1"),
            ("MASTER_PORT", "29500"),
        ];
        let launch = read(&torchrun).unwrap().unwrap();
        assert_eq!((launch.rank, launch.size, launch.local_rank), (3, 4, 1));
        assert_eq!(
            (&*launch.address, launch.port, launch.local_size),
            ("10.0.0.1", 29500, Some(2))
        );
        let slurm = [
            ("SLURM_PROCID", "0"),
            ("SLURM_STEP_NUM_TASKS", "2"),
            ("SLURM_LOCALID", "0"),
            ("SLURM_STEP_NODELIST", "gpu[07-08]"),
            ("MASTER_PORT", "29500"),
        ];
        let launch = read(&slurm).unwrap().unwrap();
        assert_eq!((&*launch.address, launch.serves), ("gpu07", true));
        // A batch script, which is no step of several tasks, trains alone.
        assert_eq!(read(&[("SLURM_PROCID", "0"), ("SLURM_NTASKS", "4")]).unwrap(), None);
        assert_eq!(read(&[("WORLD_SIZE", "1")]).unwrap(), None);
    }

    #[test]
    fn the_agent_of_torchrun_keeps_the_store_itself() {
        let variables = [
            ("RANK", "0"),
            ("WORLD_SIZE", "2"),
            ("MASTER_ADDR", "localhost"),
            ("MASTER_PORT", "29500"),
            ("TORCHELASTIC_USE_AGENT_STORE", "True"),
            ("TORCHELASTIC_RESTART_COUNT", "2"),
        ];
        let launch = read(&variables).unwrap().unwrap();
        assert!(!launch.serves() && launch.prefix() == "foramen/2");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let whole =
            [("RANK", "0"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "a"), ("MASTER_PORT", "1")];
        for leave_out in [0, 2, 3] {
            let mut rest = whole.to_vec();
            let (name, _) = rest.remove(leave_out);
            let error = read(&rest).unwrap_err().to_string();
            assert!(error.contains(&format!("{name} is missing")), "{error}");
        }
        for (place, value) in [(0, "2"), (0, "x"), (1, "0"), (1, "-1"), (3, "70000")] {
            let mut wrong = whole;
            wrong[place].1 = value;
            let error = read(&wrong).unwrap_err().to_string();
            assert!(error.contains(wrong[place].0) && error.contains(value), "{error}");
        }
    }

    #[test]
    fn the_first_machine_of_a_list_is_found() {
        for (list, first) in [
            ("node7", "node7"),
            ("a,b", "a"),
            ("gpu[03-05,07],cpu1", "gpu03"),
            ("login,gpu[1-2]", "login"),
            ("gpu[3,9]", "gpu3"),
        ] {
            assert_eq!(first_machine(list), first);
        }
    }
}
