use std::fmt::Write as _;
use std::io;

use crate::{Flow, FlowStep};

/// Width of a box, and margin of its text, in pixels.
const WIDTH: usize = 300;
const MARGIN: usize = 20;
const LINE: usize = 20;

impl Flow {
    /// Writes the flow as a diagram in the manner of STARD and CONSORT: remaining rows at the left,
    /// excluded rows at the right, each with its count.
    ///
    /// # Errors
    /// When `output` cannot be written.
    pub fn write_svg(&self, mut output: impl io::Write) -> io::Result<()> {
        let mut boxes = Boxes { svg: String::new(), bottom: MARGIN };
        boxes.main(&[format!("{} rows in the table", self.rows)]);
        boxes.side(&leaving("rows not used", &self.rejected));
        boxes.main(&[
            format!("{} rows used", self.used),
            format!("{} injected foramina named in all rows", self.identified),
        ]);
        boxes.side(&leaving("foramina without a label", &self.excluded));
        let mut labelled =
            vec![format!("{} foramina of {} subjects labelled", self.episodes, self.subjects)];
        for (n, what) in [
            (self.low_baseline, "with a low baseline"),
            (self.with_event, "with an event before the follow-up"),
            (self.late_scan, "with a scan after the injection"),
        ] {
            if n > 0 {
                labelled.push(format!("of them {n} {what}"));
            }
        }
        boxes.main(&labelled);
        boxes.arrow(LINE);
        boxes.main(&[format!("{} favourable", self.favourable), format!("{} poor", self.poor)]);
        let (width, height) = (2 * WIDTH + 3 * MARGIN, boxes.bottom + MARGIN);
        write!(
            output,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
             <title>Cohort flow</title>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n{}</svg>\n",
            boxes.svg
        )
    }
}

/// The lines of a box for exclusions.
fn leaving(what: &str, steps: &[FlowStep]) -> Vec<String> {
    let total: usize = steps.iter().map(|step| step.n).sum();
    let mut lines = vec![format!("{total} {what}")];
    lines.extend(steps.iter().map(|step| format!("{}  {}", step.n, step.reason.replace('_', " "))));
    lines
}

/// Boxes from the top down.
struct Boxes {
    svg: String,
    bottom: usize,
}

impl Boxes {
    /// Draws a box of remaining rows.
    fn main(&mut self, lines: &[String]) {
        self.bottom = self.draw(MARGIN, self.bottom, lines);
    }

    /// Draws a box of exclusions, beside the arrow to the next box below.
    fn side(&mut self, lines: &[String]) {
        let top = self.bottom + MARGIN;
        let bottom = self.draw(WIDTH + 2 * MARGIN, top, lines);
        let middle = top + (bottom - top) / 2;
        self.line((MARGIN + WIDTH / 2, middle), (WIDTH + 2 * MARGIN, middle));
        self.arrow(bottom + MARGIN - self.bottom);
    }

    /// An arrow down, of some length.
    fn arrow(&mut self, length: usize) {
        let x = MARGIN + WIDTH / 2;
        self.line((x, self.bottom), (x, self.bottom + length));
        self.bottom += length;
    }

    /// A line with a head at its end.
    fn line(&mut self, (x1, y1): (usize, usize), (x2, y2): (usize, usize)) {
        let head = if y1 == y2 {
            format!("{x2},{y2} {},{} {},{}", x2 - 7, y2 - 4, x2 - 7, y2 + 4)
        } else {
            format!("{x2},{y2} {},{} {},{}", x2 - 4, y2 - 7, x2 + 4, y2 - 7)
        };
        self.push(&format!(
            "<path d=\"M{x1} {y1}L{x2} {y2}\" stroke=\"black\"/><polygon points=\"{head}\"/>"
        ));
    }

    /// Draws a box and returns its lower end.
    fn draw(&mut self, x: usize, top: usize, lines: &[String]) -> usize {
        let height = lines.len() * LINE + LINE / 2;
        self.push(&format!(
            "<rect x=\"{x}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{height}\" fill=\"none\" \
             stroke=\"black\"/>"
        ));
        for (n, line) in (1..).zip(lines) {
            // All texts are of this crate: digits, letters and spaces.
            self.push(&format!(
                "<text x=\"{}\" y=\"{}\">{line}</text>",
                x + LINE / 2,
                top + n * LINE - 2
            ));
        }
        top + height
    }

    fn push(&mut self, element: &str) {
        writeln!(self.svg, "{element}").expect("writing to a String cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use crate::{OutcomeOptions, read};

    #[test]
    fn every_count_of_the_flow_stands_in_the_diagram() {
        let table = "\
subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup
S1,C5/6,left,2024-03-01,7,2024-04-30,3
S2,C5/6,left,2024-03-01,7,,
S3,C6,left,2024-03-01,7,2024-04-30,3
";
        let flow = read(table.as_bytes(), &OutcomeOptions::default()).unwrap().flow();
        let mut svg = Vec::new();
        flow.write_svg(&mut svg).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        for text in [
            "3 rows in the table",
            "2 rows not used",
            "1  bad value",
            "1  missing followup",
            "2 injected foramina named in all rows",
            "1 foramina without a label",
            "1 foramina of 1 subjects labelled",
            "1 favourable",
            "0 poor",
        ] {
            assert!(svg.contains(&format!(">{text}</text>")), "{text}: {svg}");
        }
    }
}
