use foramen_types::SubjectId;
use jiff::civil::Date;

use crate::{StackHeader, Study};

/// The stacks of one person's visit to a scanner. Their Study Instance UIDs may differ: some
/// anonymisers and scanners write a new UID for each series or image.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Examination<'a> {
    /// The subject.
    pub subject: &'a SubjectId,
    /// Its Study Instance UIDs (0020,000D), each once, in order.
    pub study_uids: Vec<&'a str>,
    /// The first day of an acquisition, where known.
    pub acquired: Option<Date>,
    /// Its stacks, in order of study, series and index.
    pub stacks: Vec<&'a StackHeader>,
}

impl<'a> Examination<'a> {
    /// Groups stacks by examination, in order of subject and day. Two stacks of a subject belong to
    /// one examination if they share the Study Instance UID, the frame of reference or the day, and
    /// their days differ by at most one: an anonymiser may write one UID into scans of several
    /// years.
    #[must_use]
    pub fn group(stacks: impl IntoIterator<Item = &'a StackHeader>) -> Vec<Self> {
        let mut groups: Vec<Vec<&StackHeader>> = Vec::new();
        for stack in stacks {
            let mut together = vec![stack];
            // A stack may join groups that nothing joined before.
            groups.retain_mut(|group| {
                let joins = group.iter().any(|other| are_of_one(stack, other));
                if joins {
                    together.append(group);
                }
                !joins
            });
            groups.push(together);
        }
        let mut found: Vec<Self> = groups.into_iter().map(Self::new).collect();
        found.sort_by(|a, b| {
            (a.subject, a.acquired, &a.study_uids).cmp(&(b.subject, b.acquired, &b.study_uids))
        });
        found
    }

    fn new(mut stacks: Vec<&'a StackHeader>) -> Self {
        stacks.sort_by(|a, b| {
            let of = |stack: &'a StackHeader| (&stack.study_uid, &stack.series_uid, stack.stack);
            of(a).cmp(&of(b))
        });
        let mut study_uids: Vec<&str> = stacks.iter().map(|s| s.study_uid.as_str()).collect();
        study_uids.dedup();
        let acquired = stacks.iter().filter_map(|stack| stack.acquired).min();
        Self { subject: &stacks[0].subject, study_uids, acquired, stacks }
    }

    /// The whole examination as one study, with the first of its UIDs.
    pub(crate) fn as_study(&self) -> Study<'a> {
        Study {
            subject: self.subject,
            study_uid: self.study_uids[0],
            acquired: self.acquired,
            stacks: self.stacks.clone(),
        }
    }
}

fn are_of_one(a: &StackHeader, b: &StackHeader) -> bool {
    if a.subject != b.subject {
        return false;
    }
    let same_day = match (a.acquired, b.acquired) {
        (Some(a), Some(b)) => {
            let apart = a.until(b).map_or(i32::MAX, |span| span.get_days());
            if apart.abs() > 1 {
                return false;
            }
            apart == 0
        }
        _ => false,
    };
    same_day || a.study_uid == b.study_uid || a.shares_frame_with(b)
}
