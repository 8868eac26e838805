//! Allows one run per folder: a lock that names the process holding it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// The name of the lock in the folder of a run.
pub(crate) const LOCK: &str = "foramen.lock";

/// Number of attempts to take a lock whose file another run is just removing.
const TRIES: usize = 20;

/// Holds the folder of a run until it is dropped.
///
/// The operating system locks the file `foramen.lock` while the process lives, so a dead process
/// holds no lock. The file names the process and its computer: in a shared network folder another
/// computer's lock may not be visible, so then only the file counts.
#[derive(Debug)]
#[must_use = "the folder is free again when this is dropped"]
pub struct RunLock {
    path: PathBuf,
    /// Holds the operating system's lock.
    file: File,
}

/// The holder of a folder according to its lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    process: u32,
    computer: String,
    /// An identifier that changes when the computer restarts; empty if the system has none.
    #[serde(default)]
    boot: String,
    command: String,
    /// Seconds since 1970.
    since: u64,
}

impl RunLock {
    /// Takes the folder, which must exist. The lock of a process of this computer that has
    /// ended is taken over, with a note on stderr.
    ///
    /// # Errors
    /// When another process holds the folder, with its name, or the file cannot be written.
    pub fn take(folder: &Path) -> Result<Self> {
        Self::take_as(folder, &Holder::this())
    }

    fn take_as(folder: &Path, own: &Holder) -> Result<Self> {
        let path = folder.join(LOCK);
        for _ in 0..TRIES {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&path);
            let mut file = file.with_context(|| format!("could not write {}", path.display()))?;
            let taken = match file.try_lock() {
                Ok(()) => Taken::Yes,
                Err(TryLockError::WouldBlock) => Taken::No,
                Err(TryLockError::Error(_)) => Taken::Unknown,
            };
            let mut text = String::new();
            // Where locks keep others from reading, the process stays without a name.
            let _ = file.read_to_string(&mut text);
            let before: Option<Holder> = serde_json::from_str(&text).ok();
            if taken == Taken::No {
                bail!(held(folder, &path, before.as_ref(), "it is at work"));
            }
            if let Some(before) = &before {
                match before.state(own, taken == Taken::Yes) {
                    State::Ended => eprintln!(
                        "note: {before} ended without giving {} free; its lock is taken over",
                        folder.display()
                    ),
                    State::Running(why) => bail!(held(folder, &path, Some(before), why)),
                }
            }
            // Its holder may have removed the file between our opening and locking it.
            if !is_still_there(&path, &file) {
                continue;
            }
            let mut write = || -> io::Result<()> {
                // In one write: whoever reads it meanwhile finds nothing or all.
                let mut text = serde_json::to_vec(own)?;
                text.push(b'\n');
                file.set_len(0)?;
                file.rewind()?;
                file.write_all(&text)?;
                file.sync_all()
            };
            write().with_context(|| format!("could not write {}", path.display()))?;
            return Ok(Self { path, file });
        }
        bail!("other runs begin and end in {}; try again", folder.display())
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Removed while it is held: whoever opens the path next makes a new file.
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// Whether the operating system granted the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Yes,
    No,
    /// The file system has no locks.
    Unknown,
}

/// The state of the process that wrote a lock.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Ended,
    /// The process runs, or may run, for this reason.
    Running(&'static str),
}

impl Holder {
    /// The current process.
    fn this() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            process: std::process::id(),
            computer: gethostname::gethostname().to_string_lossy().into_owned(),
            boot: fs::read_to_string("/proc/sys/kernel/random/boot_id")
                .map(|id| id.trim().to_owned())
                .unwrap_or_default(),
            command: std::env::args().skip(1).collect::<Vec<_>>().join(" "),
            since: since.unwrap_or(Duration::ZERO).as_secs(),
        }
    }

    /// Whether the process that wrote this lock still runs. `own` is the current process; `locked`
    /// tells whether it got the operating system's lock.
    fn state(&self, own: &Self, locked: bool) -> State {
        if self.computer != own.computer {
            return State::Running("whether it still runs cannot be seen from here");
        }
        if self.boot != own.boot || locked {
            return State::Ended;
        }
        if !cfg!(target_os = "linux") {
            return State::Running("this file system has no locks that tell whether it runs");
        }
        if Path::new("/proc").join(self.process.to_string()).exists() {
            State::Running("it is at work")
        } else {
            State::Ended
        }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { process, computer, command, .. } = self;
        write!(f, "process {process} on {computer} (`{command}`)")
    }
}

/// The error for a folder that is held, and what to do.
fn held(folder: &Path, lock: &Path, by: Option<&Holder>, why: &str) -> String {
    let by = by.map_or("another process".to_owned(), |by| {
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(by.since);
        let ago = SystemTime::now().duration_since(since).unwrap_or(Duration::ZERO);
        format!("{by}, which began {}", ago_in_words(ago))
    });
    format!(
        "{} is in use by {by}: {why}; wait for it or give another folder. If you know that it has \
         ended, remove {}",
        folder.display(),
        lock.display()
    )
}

fn ago_in_words(ago: Duration) -> String {
    match ago.as_secs() {
        seconds @ 0..120 => format!("{seconds} s ago"),
        seconds @ 120..7200 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3600),
    }
}

/// Whether a path still refers to an open file.
#[cfg(unix)]
fn is_still_there(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (fs::metadata(path), file.metadata()) {
        (Ok(now), Ok(opened)) => place(now) == place(opened),
        _ => false,
    }
}

/// Whether a path still refers to an open file.
#[cfg(not(unix))]
fn is_still_there(path: &Path, _: &File) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_behind(folder: &Path, holder: &Holder) {
        fs::write(folder.join(LOCK), serde_json::to_string(holder).unwrap()).unwrap();
    }

    #[test]
    fn a_folder_is_held_by_one_run_which_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let first = RunLock::take(folder.path()).unwrap();
        let error = RunLock::take(folder.path()).unwrap_err().to_string();
        let process = format!("process {}", std::process::id());
        assert!(error.contains(&process) && error.contains("at work"), "{error}");
        assert!(error.contains("another folder") && error.contains(LOCK), "{error}");
        drop(first);
        assert!(!folder.path().join(LOCK).exists());
        drop(RunLock::take(folder.path()).unwrap());
    }

    #[test]
    fn what_a_dead_process_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let own = Holder::this();
        left_behind(folder.path(), &Holder { process: 1, ..own.clone() });
        drop(RunLock::take(folder.path()).unwrap());
        // The computer was started anew since.
        left_behind(folder.path(), &Holder { boot: "earlier".to_owned(), ..own });
        drop(RunLock::take(folder.path()).unwrap());
        // A file that says nothing holds nothing.
        fs::write(folder.path().join(LOCK), "").unwrap();
        drop(RunLock::take(folder.path()).unwrap());
    }

    #[test]
    fn the_lock_of_another_computer_counts_although_its_process_cannot_be_seen() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = Holder { computer: "reading-room-2".to_owned(), ..Holder::this() };
        left_behind(folder.path(), &elsewhere);
        let error = RunLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains("on reading-room-2") && error.contains("cannot be seen"), "{error}");
        assert!(error.contains("remove "), "{error}");
        // The refusal leaves the lock as it was.
        assert_eq!(
            serde_json::from_slice::<Holder>(&fs::read(folder.path().join(LOCK)).unwrap()).unwrap(),
            elsewhere
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_a_file_system_has_no_locks_the_process_itself_is_looked_for() {
        let own = Holder::this();
        assert_eq!(own.state(&own, false), State::Running("it is at work"));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = Holder { process: child.id(), ..own.clone() };
        assert_eq!(dead.state(&own, false), State::Ended);
    }

    #[test]
    fn of_many_that_begin_at_once_one_has_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let at_work = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        if let Ok(lock) = RunLock::take(folder.path()) {
                            let others = at_work.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            assert_eq!(others, 0);
                            at_work.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                            drop(lock);
                        }
                    }
                });
            }
        });
    }
}
