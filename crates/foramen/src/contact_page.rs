use std::fmt::Write as _;

/// One picture of a page.
pub(crate) struct Shown {
    /// Its file, relative to the page; `None` if there is no picture.
    pub(crate) file: Option<String>,
    /// The first line: what it shows.
    pub(crate) title: String,
    /// The measurements.
    pub(crate) text: String,
}

/// A page with all pictures of a folder, to look through at a glance.
#[must_use]
pub(crate) fn contact_page(title: &str, note: &str, pictures: &[Shown]) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:90rem;\
         padding:0 1rem}}main{{display:grid;gap:1.25rem;\
         grid-template-columns:repeat(auto-fill,minmax(20rem,1fr))}}figure{{margin:0}}\
         img{{width:100%;background:#000}}figcaption b{{display:block}}</style>\
         <h1>{title}</h1><p>{note}</p><main>"
    );
    for shown in pictures {
        let (name, text) = (escape(&shown.title), escape(&shown.text));
        page.push_str("<figure>");
        if let Some(file) = &shown.file {
            let file = escape(file);
            write!(
                page,
                "<a href=\"{file}\"><img loading=\"lazy\" alt=\"{name}\" src=\"{file}\"></a>"
            )
            .expect("writing to a String cannot fail");
        }
        write!(page, "<figcaption><b>{name}</b>{text}</figcaption></figure>")
            .expect("writing to a String cannot fail");
    }
    page.push_str("</main></html>\n");
    page
}

/// Text escaped for a page.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
