use std::fmt::Write as _;

use anyhow::Result;
use base64::Engine as _;
use foramen_study::LevelDraft;

use crate::contact_page::escape;

/// One page with every subject's sagittal slice and the discs found on it; pictures are embedded,
/// so the file can be moved alone.
///
/// # Errors
/// When a picture cannot be encoded.
pub(crate) fn render_levels(draft: &LevelDraft) -> Result<String> {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Disc levels</title>\
         <style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;\
         padding:0 1rem}main{display:grid;gap:1.5rem;\
         grid-template-columns:repeat(auto-fill,minmax(17rem,1fr))}figure{margin:0}\
         img{width:100%;background:#000}figcaption b{display:block}</style>\
         <h1>Disc levels, drafted from the sagittal series</h1>\
         <p>Check that the first line lies in the disc below C2 (the vertebra with the dens) and \
         that no disc is skipped. Correct <code>levels.csv</code> where it is wrong, and give it \
         to <code>study --levels</code>. The head is up and the front of the neck is at image \
         left. Colours from the head down: orange, light blue, green, yellow, blue, red.</p><main>",
    );
    for subject in &draft.subjects {
        let found = subject.found.iter().map(|level| level.name()).collect::<Vec<_>>().join(", ");
        let text = match &subject.refusal {
            Some(refusal) if subject.found.is_empty() => format!("refused: {refusal}"),
            Some(refusal) => format!("{found}; no others: {refusal}"),
            None => found,
        };
        let text = match &subject.warning {
            Some(warning) => format!("{text}; warning: {warning}"),
            None => text,
        };
        let (id, text) = (escape(subject.subject.as_str()), escape(&text));
        page.push_str("<figure>");
        if let Some(picture) = &subject.picture {
            let mut png = Vec::new();
            picture.write_png(&mut png)?;
            let data = base64::engine::general_purpose::STANDARD.encode(png);
            write!(
                page,
                "<img alt=\"sagittal slice of {id}\" src=\"data:image/png;base64,{data}\">"
            )?;
        }
        write!(page, "<figcaption><b>{id}</b>{text}</figcaption></figure>")?;
    }
    page.push_str("</main></html>\n");
    Ok(page)
}
