use crate::region::{Region, Sign};

/// The region in a description. The words are in English, German, French, Italian, Spanish, Dutch,
/// Russian, Japanese, Korean and Chinese.
pub(crate) fn described(words: &str) -> Option<Sign> {
    let table: [(Region, &[&str]); 4] = [
        (
            Region::Cervical,
            &[
                "cervic",
                "c-spine",
                "c spine",
                "cspine",
                "c_spine",
                "hws",
                "halswirbel",
                "neck",
                "cwk",
                "rachis cerv",
                "шейн",
                "頚椎",
                "頸椎",
                "頚髄",
                "頸髄",
                "경추",
                "颈椎",
            ],
        ),
        (
            Region::Lumbar,
            &[
                "lumb",
                "lomb",
                "l-spine",
                "l spine",
                "lspine",
                "l_spine",
                "ls-spine",
                "lws",
                "lendenwirbel",
                "lwk",
                "пояснич",
                "腰椎",
                "요추",
            ],
        ),
        (
            Region::Thoracic,
            &[
                "thorac",
                "t-spine",
                "t spine",
                "tspine",
                "t_spine",
                "bws",
                "brustwirbel",
                "dorsal spine",
                "грудн",
                "胸椎",
                "흉추",
            ],
        ),
        (
            Region::Head,
            &[
                "brain",
                "head",
                "crani",
                "schaedel",
                "schädel",
                "kopf",
                "cerebr",
                "cérébr",
                "encephal",
                "hersen",
                "голов",
                "頭部",
                "脳",
                "뇌",
                "头",
                "颅",
            ],
        ),
    ];
    let starts = word_starts(words);
    let mut named = table.into_iter().filter_map(|(region, known)| {
        let word = known.iter().find_map(|start| word_that_begins(words, &starts, start))?;
        Some((region, 2, format!("a description says {word:?}")))
    });
    // A description of two regions ("head and neck") tells neither.
    let first = named.next()?;
    named.next().is_none().then_some(first)
}

/// Whether a word of a text begins with `start`: `l spine` is not in "cervical spine".
pub(crate) fn begins_a_word(text: &str, start: &str) -> bool {
    word_that_begins(text, &word_starts(text), start).is_some()
}

/// Where the words of a text begin, in bytes.
fn word_starts(text: &str) -> Vec<usize> {
    let mut inside = false;
    let begins = |(at, c): (usize, char)| {
        let before = std::mem::replace(&mut inside, c.is_alphanumeric());
        (!before).then_some(at)
    };
    text.char_indices().filter_map(begins).collect()
}

/// The word of a text that begins with `start`. In scripts without spaces between words, the text
/// is searched for `start` itself.
fn word_that_begins<'a>(text: &'a str, starts: &[usize], start: &str) -> Option<&'a str> {
    if start.chars().all(|c| c >= '\u{1100}') {
        let at = if text.is_ascii() { None } else { text.find(start) }?;
        return Some(&text[at..at + start.len()]);
    }
    let at = starts.iter().copied().find(|&at| text[at..].starts_with(start))?;
    let rest = &text[at + start.len()..];
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    Some(&text[at..at + start.len() + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_of_two_regions_tells_neither() {
        let region = |words: &str| described(words).map(|sign| sign.0);
        assert_eq!(region("mr cervical spine"), Some(Region::Cervical));
        assert_eq!(region("mri c-spine without contrast"), Some(Region::Cervical));
        assert_eq!(region("ax t2 lws"), Some(Region::Lumbar));
        assert_eq!(region("irm rachis cervical"), Some(Region::Cervical));
        assert_eq!(region("mri頚椎"), Some(Region::Cervical));
        assert_eq!(region("ax t2 腰椎"), Some(Region::Lumbar));
        assert_eq!(region("경추 mri"), Some(Region::Cervical));
        assert_eq!(region("head and neck"), None);
        assert_eq!(region("ax t2"), None);
    }
}
