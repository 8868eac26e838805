use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// One part of work that several processes share: number K, from 1, of N.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    number: usize,
    of: usize,
}

/// The text that means the task of a Slurm array.
const SLURM: &str = "slurm";
/// The folder of a study for its parts.
const FOLDER: &str = "shards";

impl Shard {
    /// Part `number` of `of`; `None` if there is no such part.
    pub(crate) fn new(number: usize, of: usize) -> Option<Self> {
        (1..=of).contains(&number).then_some(Self { number, of })
    }

    /// Its number, from 1.
    pub(crate) fn number(self) -> usize {
        self.number
    }

    /// Number of parts.
    pub(crate) fn of(self) -> usize {
        self.of
    }

    /// Whether the item at this index, from 0, belongs to this part: every N-th item does.
    pub(crate) fn holds(self, place: usize) -> bool {
        place % self.of == self.number - 1
    }

    /// The contiguous indices below `count` that belong to this part; parts have about equal sizes.
    pub(crate) fn range(self, count: usize) -> Range<usize> {
        let start = |number: usize| count * number / self.of;
        start(self.number - 1)..start(self.number)
    }

    /// The folder of this part of a stage in the folder of a study.
    pub(crate) fn folder(self, study: &Path, stage: &str) -> PathBuf {
        folder_of_shards(study).join(format!("{stage}-{}-of-{}", self.number, self.of))
    }

    /// The stage and the part whose folder has this name.
    pub(crate) fn of_folder(name: &str) -> Option<(&str, Self)> {
        let (rest, of) = name.rsplit_once("-of-")?;
        let (stage, number) = rest.rsplit_once('-')?;
        Some((stage, Self::new(number.parse().ok()?, of.parse().ok()?)?))
    }

    /// The task of a Slurm array, from the variables of its environment.
    fn of_slurm(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let number = |name: &str| match variable(name) {
            Some(text) => {
                let number = text.trim().parse::<usize>();
                number.map(Some).map_err(|_| format!("{name} is {text:?}, which is no number"))
            }
            None => Ok(None),
        };
        let needed = |name: &str| {
            number(name)?.ok_or_else(|| {
                format!(
                    "{name} is not set; `--shard slurm` is for a task of a Slurm array (sbatch \
                     --array=1-16), else give `--shard K/N`"
                )
            })
        };
        let id = needed("SLURM_ARRAY_TASK_ID")?;
        let count = needed("SLURM_ARRAY_TASK_COUNT")?;
        let least = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(1);
        let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
        let place = id.checked_sub(least).filter(|distance| distance % step == 0);
        let shard = place.and_then(|distance| Self::new(distance / step + 1, count));
        shard.ok_or_else(|| {
            format!(
                "the task {id} is none of {count} from {least} in steps of {step}; an array with \
                 gaps cannot share the work, give `--shard K/N`"
            )
        })
    }
}

/// The folder for the parts of a study.
pub(crate) fn folder_of_shards(study: &Path) -> PathBuf {
    study.join(FOLDER)
}

/// Whether parts of a stage of a study exist.
pub(crate) fn has_shards(study: &Path, stage: &str) -> bool {
    let entries = std::fs::read_dir(folder_of_shards(study)).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.any(|name| Shard::of_folder(&name).is_some_and(|(of, _)| of == stage))
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == SLURM {
            return Self::of_slurm(|name| std::env::var(name).ok());
        }
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let shard = numbers.and_then(|(number, of)| Self::new(number, of));
        shard.ok_or_else(|| format!("{text:?} is no part; write K/N with K from 1 to N, or slurm"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_everything_once() {
        for of in 1..6 {
            let parts: Vec<Shard> = (1..=of).filter_map(|k| Shard::new(k, of)).collect();
            assert_eq!(parts.len(), of);
            for count in 0..20 {
                let ranges: Vec<usize> = parts.iter().flat_map(|part| part.range(count)).collect();
                assert_eq!(ranges, (0..count).collect::<Vec<_>>());
                let places = (0..count).map(|at| parts.iter().filter(|p| p.holds(at)).count());
                assert!(places.into_iter().all(|holders| holders == 1));
            }
        }
    }

    #[test]
    fn a_part_is_read_from_its_text_and_its_folder() {
        let shard: Shard = "3/16".parse().unwrap();
        assert_eq!((shard.number(), shard.of(), shard.to_string()), (3, 16, "3/16".to_owned()));
        let folder = shard.folder(Path::new("study"), "train");
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert_eq!((name, Shard::of_folder(name)), ("train-3-of-16", Some(("train", shard))));
        for wrong in ["0/4", "5/4", "1", "a/b", "1/0", "-1/4", ""] {
            assert!(wrong.parse::<Shard>().unwrap_err().contains("K/N"), "{wrong}");
        }
        for wrong in ["train", "train-1", "train-0-of-4", "train-5-of-4", "train-x-of-4"] {
            assert_eq!(Shard::of_folder(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_task_of_a_slurm_array_is_a_part() {
        let of = |id: &str, count: &str, least: Option<&str>, step: Option<&str>| {
            let values = [("ID", Some(id)), ("COUNT", Some(count)), ("MIN", least), ("STEP", step)];
            Shard::of_slurm(|name| {
                let name = name.strip_prefix("SLURM_ARRAY_TASK_")?;
                values.iter().find(|(known, _)| *known == name)?.1.map(str::to_owned)
            })
        };
        assert_eq!(of("3", "16", Some("1"), None).unwrap(), Shard::new(3, 16).unwrap());
        assert_eq!(of("0", "4", Some("0"), Some("1")).unwrap(), Shard::new(1, 4).unwrap());
        assert_eq!(of("10", "3", Some("0"), Some("5")).unwrap(), Shard::new(3, 3).unwrap());
        // --array=1,7,20 is of three tasks, with a least of 1 and no step that leads to 20.
        assert!(of("20", "3", Some("1"), None).unwrap_err().contains("gaps"));
        assert!(of("x", "3", None, None).unwrap_err().contains("no number"));
        let unset = Shard::of_slurm(|_| None).unwrap_err();
        assert!(unset.contains("SLURM_ARRAY_TASK_ID is not set"), "{unset}");
    }
}
