use crate::region::Sign;
use crate::region_signs::{by_blocks, weigh};
use crate::{Finding, Region, Remark, StackHeader};

/// Points from which a region counts as known without using the rest of the study.
const TELLS: u32 = 2;
/// Points by which another region must lead for a stack to be refused: a single sign such as a
/// habitual Body Part Examined must not exclude a patient whose study description names the neck.
const LEAD: u32 = 2;

/// The verdict on using a stack as an image of the neck.
pub(crate) enum RegionVerdict {
    /// No strong evidence against it.
    Cervical(Option<Remark>),
    /// Another region leads.
    Elsewhere(Region, String),
}

/// Weighs the evidence of a stack, of its blocks and, if these have little, of its whole study
/// about the region.
pub(crate) fn judge(study: &[&StackHeader], stack: &StackHeader) -> RegionVerdict {
    let mut signs = stack.signs.clone();
    if points_of_best(&signs) < TELLS {
        signs.extend(by_blocks(&blocks(study, stack)));
    }
    if points_of_best(&signs) < TELLS {
        signs.extend(of_study(study));
        once(&mut signs);
    }
    let cervical = points(&signs, Region::Cervical);
    let (other, most) = signs
        .iter()
        .filter(|sign| sign.0 != Region::Cervical)
        .map(|sign| (sign.0, points(&signs, sign.0)))
        .max_by_key(|found| found.1)
        .unwrap_or((Region::Unknown, 0));
    let evidence = || weigh(&signs).1.evidence.join(", ");
    if most >= cervical + LEAD {
        return RegionVerdict::Elsewhere(other, evidence());
    }
    RegionVerdict::Cervical(match (cervical, most) {
        (cervical, most) if most > 0 && cervical < most + LEAD => {
            Some(Remark::ContradictedRegion { evidence: evidence() })
        }
        (0 | 1, _) => Some(Remark::WeakRegion { evidence: evidence() }),
        _ => None,
    })
}

/// The part of the body, from all stacks of the study.
pub(crate) fn region(study: &[&StackHeader]) -> (Region, Finding) {
    weigh(&of_study(study))
}

fn of_study(study: &[&StackHeader]) -> Vec<Sign> {
    let mut signs: Vec<Sign> = Vec::new();
    for stack in study {
        signs.extend(by_blocks(&blocks(study, stack)));
        signs.extend(stack.signs.iter().cloned());
    }
    once(&mut signs);
    signs
}

/// The stacks of a study that were acquired together with this one, from the feet up.
fn blocks<'a>(study: &[&'a StackHeader], of: &StackHeader) -> Vec<&'a StackHeader> {
    let find = |&block: &usize| {
        let same = |s: &&&StackHeader| s.stack == block && s.series_uid == of.series_uid;
        study.iter().find(same).copied()
    };
    of.blocks.iter().filter_map(find).collect()
}

/// Leaves each sign once, in order of its words.
fn once(signs: &mut Vec<Sign>) {
    signs.sort_by(|a, b| a.2.cmp(&b.2));
    signs.dedup_by(|a, b| a.2 == b.2);
}

fn points(signs: &[Sign], region: Region) -> u32 {
    signs.iter().filter(|sign| sign.0 == region).map(|sign| sign.1).sum()
}

fn points_of_best(signs: &[Sign]) -> u32 {
    signs.iter().map(|sign| points(signs, sign.0)).max().unwrap_or(0)
}
