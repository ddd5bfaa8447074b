//! Answers for people who do not have the designer: one page of HTML that needs nothing besides itself, and each answer
//! as a picture. Imports what a card tells, and the pictures of charts; computes nothing, touches no file.

use std::fmt::Write as _;

use serde::Serialize;

use super::charts::{chart, values};
use super::drawing::{Anchor, Drawing, Ink, Look, bold_width_of, width_of, wrapped};
use crate::data::figures::grouped;
use crate::planner::{Headline, NotInIt, Plotted};
use crate::quote::{one_line, xml};

/// An answer as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AnswerPage {
    /// Id of the Answer step.
    pub step: String,
    pub title: String,
    /// The name of its picture's file, without ending: no other answer of the project has it.
    #[serde(skip)]
    pub picture: String,
    /// The question in words; empty: none is named.
    pub question: String,
    /// Who asks; empty: not said.
    pub asker: String,
    pub headline: Headline,
    /// The span of time of the data: `2–5 March 2026`; empty: it is not known.
    pub time: String,
    /// Of what the numbers are: `exact, 12,034 rows read`.
    pub exactness: String,
    pub chart: Option<Plotted>,
    /// What other answers to the same question say, and where they differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// What the answer says, in plain words.
    pub definition: String,
    pub not_in_it: Vec<NotInIt>,
}

/// What is told where nothing is left out.
pub const ALL_IN_IT: &str = "Every row that was read is in it.";
/// What is told where only that is left out which the question says.
pub const ALL_ASKED_IN_IT: &str = "Nothing that was asked about is missing.";
/// Above what the question itself leaves out.
pub const AS_ASKED: &str = "Left out as the question says";

impl AnswerPage {
    /// The question, or else the answer's own name.
    pub fn heading(&self) -> &str {
        if self.question.is_empty() { &self.title } else { &self.question }
    }

    /// What is lost in the number: all that is left out and not because the question says so.
    pub fn lost(&self) -> impl Iterator<Item = &NotInIt> {
        self.not_in_it.iter().filter(|one| !one.as_asked)
    }

    /// What is told where nothing is.
    pub fn nothing_lost(&self) -> &'static str {
        if self.not_in_it.is_empty() { ALL_IN_IT } else { ALL_ASKED_IN_IT }
    }

    /// Who asks, of when the data are, and how exact the number is.
    pub fn byline(&self) -> String {
        let asker = if self.asker.is_empty() { String::new() } else { format!("asked by {} · ", self.asker) };
        let time = if self.time.is_empty() { String::new() } else { format!("{} · ", self.time) };
        format!("{time}{asker}{}", self.exactness)
    }
}

/// Points: of a picture, and of the charts of a page on a desk and in a hand.
const WIDE: f32 = 760.0;
const NARROW: f32 = 320.0;
const MARGIN: f32 = 40.0;

/// An answer as a picture. It stands alone where it is pasted: it names its project and its time.
pub fn picture(project: &str, page: &AnswerPage) -> Drawing {
    let mut drawing = Drawing { size: [WIDE + 2.0 * MARGIN, 0.0], ..Drawing::default() };
    drawing.title = one_line(page.heading());
    drawing.description = one_line(&page.headline.sentence);
    // Its height is known in the end.
    drawing.rect([0.0, 0.0], [0.0, 0.0], 0.0, Ink::Panel);
    let mut y = MARGIN + 20.0;
    for line in wrapped(page.heading(), 22.0, WIDE) {
        drawing.bold([MARGIN, y], 22.0, Ink::Text, line);
        y += 30.0;
    }
    let byline = [project, &page.byline()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    y = drawing.paragraph([MARGIN, y - 4.0], 13.0, Ink::Soft, &byline, WIDE) + 44.0;
    let number = &page.headline.number;
    drawing.bold([MARGIN, y], 48.0, Ink::Hue(0), number.as_str());
    let beside = MARGIN + bold_width_of(number, 48.0) + 12.0;
    let what = &page.headline.what;
    if beside + width_of(what, 17.0) <= MARGIN + WIDE {
        drawing.text([beside, y], 17.0, Ink::Soft, Anchor::Start, what.as_str());
    } else {
        y = drawing.paragraph([MARGIN, y + 28.0], 17.0, Ink::Soft, what, WIDE) - 24.0;
    }
    y = drawing.paragraph([MARGIN, y + 32.0], 17.0, Ink::Text, &page.headline.sentence, WIDE) + 20.0;
    if let Some(plotted) = &page.chart {
        let chart = chart(plotted, WIDE);
        let height = chart.size[1];
        drawing.place(chart, [MARGIN, y]);
        y += height + 28.0;
    }
    for other in &page.others {
        y = drawing.paragraph([MARGIN, y], 14.0, Ink::Warning, other, WIDE) + 12.0;
    }
    if !page.definition.is_empty() {
        drawing.bold([MARGIN, y], 14.0, Ink::Text, "What it says");
        y = drawing.paragraph([MARGIN, y + 22.0], 14.0, Ink::Soft, &plain(&page.definition), WIDE) + 20.0;
    }
    drawing.bold([MARGIN, y], 14.0, Ink::Text, "Not in this number");
    y += 22.0;
    for one in page.lost() {
        y = drawing.paragraph(
            [MARGIN, y],
            14.0,
            Ink::Soft,
            &format!("{} {}", grouped(one.count), plain(&one.text)),
            WIDE,
        ) + 2.0;
    }
    if page.lost().next().is_none() {
        y = drawing.paragraph([MARGIN, y], 14.0, Ink::Soft, page.nothing_lost(), WIDE);
    }
    drawing.size[1] = (y + MARGIN - 16.0).ceil();
    if let Some(super::drawing::Shape::Rect { size, .. }) = drawing.shapes.first_mut() {
        *size = drawing.size;
    }
    drawing
}

/// Names in code marks as they are read where there is no type for code: `sid` → “sid”.
fn plain(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text.to_owned();
    }
    let told = parts.iter().enumerate().map(|(number, part)| match number % 2 {
        0 => (*part).to_owned(),
        _ => format!("“{part}”"),
    });
    told.collect()
}

/// The same in HTML: in the type for code.
fn marked(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return xml(text);
    }
    let told = parts.iter().enumerate().map(|(number, part)| match number % 2 {
        0 => inner(part),
        _ => format!("<code>{}</code>", inner(part)),
    });
    told.collect()
}

/// Text between others: its spaces stay.
fn inner(text: &str) -> String {
    let before = if text.starts_with(' ') { " " } else { "" };
    let after = if text.ends_with(' ') && !text.trim().is_empty() { " " } else { "" };
    format!("{before}{}{after}", xml(text.trim()))
}

/// All answers as one page that needs nothing besides itself: no script, no font, no picture from anywhere.
pub fn html(project: &str, pages: &[AnswerPage]) -> String {
    let mut text = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    let _ = writeln!(
        text,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} – answers</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>",
        xml(project),
        style(),
        xml(project)
    );
    if pages.len() > 1 {
        text.push_str("<nav aria-label=\"Answers\">\n<ol>\n");
        for (number, page) in pages.iter().enumerate() {
            let (heading, sentence) = (xml(page.heading()), xml(&page.headline.sentence));
            let _ = writeln!(text, "<li><a href=\"#a{number}\">{heading}</a><br><span>{sentence}</span></li>");
        }
        text.push_str("</ol>\n</nav>\n");
    }
    text.push_str("</header>\n<main>\n");
    for (number, page) in pages.iter().enumerate() {
        answer_html(&mut text, page, number);
    }
    text.push_str("</main>\n</body>\n</html>\n");
    text
}

fn answer_html(text: &mut String, page: &AnswerPage, number: usize) {
    let _ = writeln!(
        text,
        "<section id=\"a{number}\">\n<h2>{}</h2>\n<p class=\"by\">{}</p>\n<p class=\"number\"><strong>{}</strong> \
         {}</p>\n<p class=\"sentence\">{}</p>",
        xml(page.heading()),
        xml(&page.byline()),
        xml(&page.headline.number),
        xml(&page.headline.what),
        xml(&page.headline.sentence)
    );
    if let Some(plotted) = &page.chart {
        chart_html(text, plotted, number);
    }
    for other in &page.others {
        let _ = writeln!(text, "<p class=\"other\">{}</p>", xml(other));
    }
    if !page.definition.is_empty() {
        let _ = writeln!(text, "<h3>What it says</h3>\n<p>{}</p>", marked(&one_line(&page.definition)));
    }
    text.push_str("<h3>Not in this number</h3>\n");
    if page.lost().next().is_none() {
        let _ = writeln!(text, "<p>{}</p>", page.nothing_lost());
    } else {
        list_html(text, page.lost());
    }
    if page.not_in_it.iter().any(|one| one.as_asked) {
        let _ = writeln!(text, "<details>\n<summary>{AS_ASKED}</summary>");
        list_html(text, page.not_in_it.iter().filter(|one| one.as_asked));
        text.push_str("</details>\n");
    }
    text.push_str("</section>\n");
}

fn list_html<'a>(text: &mut String, list: impl Iterator<Item = &'a NotInIt>) {
    text.push_str("<ul>\n");
    for one in list {
        let _ = writeln!(text, "<li><b>{}</b> {}</li>", grouped(one.count), marked(&one.text));
    }
    text.push_str("</ul>\n");
}

/// The picture for a desk and the one for a hand, and its values as a table.
fn chart_html(text: &mut String, plotted: &Plotted, number: usize) {
    /// More rows nobody reads on a page.
    const MOST: usize = 200;
    for (class, width) in [("wide", WIDE), ("narrow", NARROW)] {
        let svg = chart(plotted, width).svg(Look::Page, &format!("c{number}{class}"));
        let _ = writeln!(text, "<div class=\"chart {class}\">\n{svg}</div>");
    }
    let rows = values(plotted);
    let shown = rows.len().min(MOST);
    let of = if shown < rows.len() { format!(", the first {shown} of {}", rows.len()) } else { String::new() };
    let _ = writeln!(
        text,
        "<details>\n<summary>Values{of}</summary>\n<table>\n<tr><th>{}</th><th>{}</th></tr>",
        xml(&plotted.x_title),
        xml(&plotted.y_title)
    );
    for [name, value] in &rows[..shown] {
        let _ = writeln!(text, "<tr><td>{}</td><td>{}</td></tr>", xml(name), xml(value));
    }
    text.push_str("</table>\n</details>\n");
}

/// The style of the page: the colours of the designer, light or dark as the reader's system is.
fn style() -> String {
    let colours =
        |look: Look| -> String { Ink::all().map(|(ink, name)| format!("--{name}:{};", ink.css(look))).collect() };
    format!(
        ":root{{color-scheme:light dark;{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n{STYLE}",
        colours(Look::Light),
        colours(Look::Dark)
    )
}

const STYLE: &str = "\
*{box-sizing:border-box}
body{margin:0;padding:32px 20px;background:var(--ground);color:var(--text);font:16px/1.5 Inter,system-ui,sans-serif}
header,main{max-width:840px;margin:0 auto}
h1{font-size:24px;line-height:1.25;margin:0 0 16px;overflow-wrap:anywhere}
nav ol{margin:0 0 32px;padding-left:24px}
nav li{margin:0 0 8px}
nav span,.by,section p,section ul{color:var(--soft)}
nav a{color:var(--accent)}
a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
section{background:var(--panel);border:1px solid var(--hairline);border-radius:9px;padding:28px 39px;margin:0 0 24px;\
overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;margin:0}
h3{font-size:14px;margin:20px 0 4px}
section p,section ul{margin:0 0 8px}
section ul{padding-left:20px}
.by{font-size:13px}
.number{font-size:18px;margin:16px 0 0}
.number strong{font-size:46px;line-height:1.15;color:var(--load);font-weight:600;margin-right:4px}
section p.sentence{font-size:18px;color:var(--text);margin:0 0 20px}
section p.other{color:var(--text);border-left:3px solid var(--warning);padding-left:12px}
.chart svg{display:block;max-width:100%;height:auto}
.narrow{display:none}
code{font:0.9em 'JetBrains Mono',ui-monospace,monospace;color:var(--text)}
details{margin:8px 0 0}
summary{cursor:pointer;font-size:14px;color:var(--accent)}
table{border-collapse:collapse;font-size:13px;margin:8px 0;max-width:100%}
th,td{text-align:left;padding:3px 16px 3px 0;border-bottom:1px solid var(--hairline);vertical-align:top}
td:last-child,th:last-child{text-align:right;padding-right:0;font-variant-numeric:tabular-nums;white-space:nowrap}
@media (max-width:700px){body{padding:16px 10px}section{padding:18px 15px}.wide{display:none}.narrow{display:block}\
.narrow svg{width:100%;max-width:440px}.number strong{font-size:38px}}
@media print{body{background:none;padding:0}section{break-inside:avoid;border:none;padding:0}details{display:none}}
";

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str) -> AnswerPage {
        AnswerPage {
            step: "s".into(),
            title: name.into(),
            question: name.into(),
            headline: Headline {
                number: "21".into(),
                what: "users".into(),
                place: String::new(),
                sentence: format!("{name}: 21 users"),
            },
            exactness: "exact, 12 rows read".into(),
            chart: Some(Plotted {
                title: format!("users by {name}"),
                bars: vec![(name.to_owned(), 21.0)],
                ..Plotted::default()
            }),
            definition: format!("Users of `{name}` and `others` & more"),
            not_in_it: vec![NotInIt { count: 48, text: format!("of 262 rows have no `{name}`"), as_asked: false }],
            ..AnswerPage::default()
        }
    }

    #[test]
    fn hostile_names_are_only_text_and_nothing_is_fetched() {
        let hostile = "</style><script>alert('x')</script><img src=x onerror=y> \"&";
        let text = html(hostile, &[page(hostile), page("b")]);
        // Only tags of this page, and none that fetches or does anything.
        for tag in text.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default();
            let known = [
                "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "nav", "ol",
                "ul", "li", "a", "br", "span", "main", "section", "p", "b", "strong", "code", "div", "svg", "desc",
                "text", "rect", "path", "details", "summary", "table", "tr", "th", "td",
            ];
            assert!(known.contains(&name), "{tag}");
            for part in ["src=", "onerror", "url(", "href=\"h"] {
                assert!(!tag.contains(part), "{tag}");
            }
        }
        assert!(!text.contains("@import") && !text.contains("url("));
        assert!(text.contains("default-src 'none'"));
        assert!(text.contains("<code>others</code> &amp; more"), "{text}");
        // Ids are told apart.
        let ids: Vec<&str> = text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
    }

    #[test]
    fn both_looks_and_a_hand_are_provided_for() {
        let text = html("shop", &[page("a")]);
        assert!(text.contains("prefers-color-scheme:dark") && text.contains("max-width:700px"));
        assert!(text.contains("--text:#1c2230;") && text.contains("--text:#e6e9ef;"));
        assert!(text.contains("viewBox=\"0 0 320 ") && text.contains("viewBox=\"0 0 760 "));
        assert!(text.contains("<b>48</b> of 262 rows have no <code>a</code>"), "{text}");
        assert!(!text.contains("<nav"), "one answer needs no list");
    }

    #[test]
    fn a_picture_holds_the_whole_answer() {
        let drawing = picture("shop", &page("checkout"));
        let svg = drawing.svg(Look::Dark, "a");
        for part in [
            ">21<",
            "checkout: 21 users",
            "What it says",
            "48 of 262 rows have no “checkout”",
            "#1b1e24",
            ">shop · exact",
        ] {
            assert!(svg.contains(part), "{part}\n{svg}");
        }
        let of_one = picture("shop", &AnswerPage { not_in_it: Vec::new(), chart: None, ..page("checkout") });
        assert!(of_one.svg(Look::Light, "a").contains(ALL_IN_IT) && of_one.size[1] < drawing.size[1]);
    }
}
