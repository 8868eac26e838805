use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// The use of a stream of random numbers. Every use has its own stream, so that an additional draw
/// in one place changes nothing elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Pose,
    Spine,
    Neck,
    Case,
    Outcome,
    Protocol,
    Artefact,
    Noise,
    Uid,
    Variety,
    Specimen,
    Perineural,
}

/// The generator of one purpose of one subject.
pub(crate) fn stream(seed: u64, subject: usize, purpose: Purpose, part: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(key(seed, subject, purpose, part))
}

/// A UID that depends only on its arguments: `2.25.` and a 128-bit number, the form without a
/// registered root (PS3.5 B.2).
pub(crate) fn uid(seed: u64, subject: usize, kind: &str, part: u64) -> String {
    let name = kind.bytes().fold(0u64, |sum, byte| mix(sum ^ u64::from(byte)));
    let high = key(seed, subject, Purpose::Uid, mix(name ^ mix(part)));
    let low = mix(high ^ name.rotate_left(17) ^ part);
    format!("2.25.{}", (u128::from(high) << 64) | u128::from(low))
}

fn key(seed: u64, subject: usize, purpose: Purpose, part: u64) -> u64 {
    let mut sum = mix(seed ^ 0x0066_6f72_616d_656e);
    sum = mix(sum ^ subject as u64);
    sum = mix(sum ^ purpose as u64);
    mix(sum ^ part)
}

/// The finaliser of SplitMix64 (Steele et al. 2014, 10.1145/2714064.2660195).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn uids_are_valid_and_distinct() {
        let mut seen = std::collections::BTreeSet::new();
        for subject in 0..20 {
            for part in 0..50 {
                for kind in ["series", "instance"] {
                    let uid = uid(7, subject, kind, part);
                    assert!(uid.len() <= 64 && !uid.contains(".0"), "{uid}");
                    assert!(seen.insert(uid));
                }
            }
        }
    }

    #[test]
    fn purposes_have_streams_of_their_own() {
        let first = |purpose| stream(1, 2, purpose, 0).next_u64();
        assert_ne!(first(Purpose::Pose), first(Purpose::Noise));
        assert_eq!(first(Purpose::Pose), first(Purpose::Pose));
    }
}
