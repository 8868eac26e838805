use crate::{Report, ReportInput};
use maud::{Markup, html};
/// Renders.
#[must_use]
pub fn render_html(report: &Report, input: &ReportInput) -> String {
    let m: Markup = html! { "What these numbers do not show" (report.title) (input.title)};
    m.into_string()
}
