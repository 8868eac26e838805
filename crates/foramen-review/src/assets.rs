/// A file of the page.
pub(crate) struct Asset {
    pub(crate) kind: &'static str,
    pub(crate) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The file with a name: one of a fixed list, never a path.
pub(crate) fn asset(name: &str) -> Option<Asset> {
    let (kind, text) = match name {
        "" => (HTML, include_str!("../page/index.html")),
        "levels" => (HTML, include_str!("../page/levels.html")),
        "review.css" => (STYLE, include_str!("../page/review.css")),
        "levels.js" => (SCRIPT, include_str!("../page/levels.js")),
        "review.js" => (SCRIPT, include_str!("../page/review.js")),
        "state.js" => (SCRIPT, include_str!("../page/state.js")),
        "cases.js" => (SCRIPT, include_str!("../page/cases.js")),
        "case.js" => (SCRIPT, include_str!("../page/case.js")),
        "answer.js" => (SCRIPT, include_str!("../page/answer.js")),
        "words.js" => (SCRIPT, include_str!("../page/words.js")),
        "pictures.js" => (SCRIPT, include_str!("../page/pictures.js")),
        "drawing.js" => (SCRIPT, include_str!("../page/drawing.js")),
        "pointers.js" => (SCRIPT, include_str!("../page/pointers.js")),
        "dialogs.js" => (SCRIPT, include_str!("../page/dialogs.js")),
        "keys.js" => (SCRIPT, include_str!("../page/keys.js")),
        "picture.js" => (SCRIPT, include_str!("../page/picture.js")),
        "profile.js" => (SCRIPT, include_str!("../page/profile.js")),
        "server.js" => (SCRIPT, include_str!("../page/server.js")),
        _ => return None,
    };
    Some(Asset { kind, text })
}
