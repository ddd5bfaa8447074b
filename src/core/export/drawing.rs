//! A picture as a few shapes, and its text as SVG. What is drawn (charts, answers, the map) is laid out once, here in
//! core; who writes PNG or PDF draws the same shapes. Imports only quoting; names no project and no plan.

use std::fmt::Write as _;

use crate::quote::xml;

/// What a shape is drawn in: a role, which a look gives its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Ground,
    Panel,
    Hairline,
    Text,
    Soft,
    Accent,
    Warning,
    /// One of the hues of the palette, in the order of `HUES`.
    Hue(usize),
}

/// The names of the hues, as styles call them.
const HUES: [&str; 7] = ["load", "shape", "extract", "clean", "enrich", "analyse", "check"];

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Light,
    Dark,
    /// Variables of the page that the picture stands in.
    Page,
}

impl Ink {
    /// Every role, with its name among the variables of a page.
    pub fn all() -> impl Iterator<Item = (Ink, &'static str)> {
        let named = [
            (Ink::Ground, "ground"),
            (Ink::Panel, "panel"),
            (Ink::Hairline, "hairline"),
            (Ink::Text, "text"),
            (Ink::Soft, "soft"),
            (Ink::Accent, "accent"),
            (Ink::Warning, "warning"),
        ];
        named.into_iter().chain(HUES.into_iter().enumerate().map(|(hue, name)| (Ink::Hue(hue), name)))
    }

    fn name(self) -> &'static str {
        Ink::all().find(|(ink, _)| *ink == self).map_or("text", |(_, name)| name)
    }

    /// Red, green and blue; of a page those of the light look.
    pub fn rgb(self, look: Look) -> [u8; 3] {
        let (dark, light) = match self {
            Ink::Ground => (0x14161a, 0xf4f5f7),
            Ink::Panel => (0x1b1e24, 0xffffff),
            Ink::Hairline => (0x2e333d, 0xdfe3ea),
            Ink::Text => (0xe6e9ef, 0x1c2230),
            Ink::Soft => (0x9aa3b2, 0x566072),
            Ink::Accent => (0x5b9dff, 0x2767d8),
            Ink::Warning => (0xe5b454, 0x8a5f0c),
            Ink::Hue(hue) => match hue % HUES.len() {
                0 => (0xef8354, 0xc25525),
                1 => (0x5b9dff, 0x2767d8),
                2 => (0x35b6a6, 0x118477),
                3 => (0x9d8cff, 0x6a55d9),
                4 => (0xe0a93b, 0xa87410),
                5 => (0xe46fa6, 0xb83a78),
                _ => (0x7cb342, 0x4f7d1c),
            },
        };
        let colour: u32 = if look == Look::Dark { dark } else { light };
        let [_, red, green, blue] = colour.to_be_bytes();
        [red, green, blue]
    }

    /// As CSS has it.
    pub fn css(self, look: Look) -> String {
        match (look, self.rgb(look)) {
            (Look::Page, _) => format!("var(--{})", self.name()),
            (Look::Light | Look::Dark, [red, green, blue]) => format!("#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A part of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Move {
    To([f32; 2]),
    Line([f32; 2]),
    /// Two points that it bends to, and its end.
    Curve([f32; 2], [f32; 2], [f32; 2]),
}

/// Points; y grows downwards.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Rect {
        at: [f32; 2],
        size: [f32; 2],
        radius: f32,
        fill: Ink,
        border: Option<Ink>,
    },
    /// A line of some width; `dash`: how long its dashes and its gaps are.
    Path {
        moves: Vec<Move>,
        width: f32,
        ink: Ink,
        dash: Option<[f32; 2]>,
    },
    Dot {
        at: [f32; 2],
        radius: f32,
        ink: Ink,
    },
    /// Its baseline begins at `at`.
    Text {
        at: [f32; 2],
        size: f32,
        is_bold: bool,
        ink: Ink,
        anchor: Anchor,
        text: String,
    },
}

/// A picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drawing {
    pub size: [f32; 2],
    /// What it shows, for those who do not see it: a name and a description.
    pub title: String,
    pub description: String,
    pub shapes: Vec<Shape>,
}

impl Drawing {
    pub fn text(&mut self, at: [f32; 2], size: f32, ink: Ink, anchor: Anchor, text: impl Into<String>) {
        self.shapes.push(Shape::Text { at, size, is_bold: false, ink, anchor, text: text.into() });
    }

    pub fn bold(&mut self, at: [f32; 2], size: f32, ink: Ink, text: impl Into<String>) {
        self.shapes.push(Shape::Text { at, size, is_bold: true, ink, anchor: Anchor::Start, text: text.into() });
    }

    /// A text in lines of at most that width, the first with its baseline at `at`. Gives where a next one would stand.
    pub fn paragraph(&mut self, [x, mut y]: [f32; 2], size: f32, ink: Ink, text: &str, most: f32) -> f32 {
        for line in wrapped(text, size, most) {
            self.text([x, y], size, ink, Anchor::Start, line);
            y += (size * 1.45).round();
        }
        y
    }

    pub fn rect(&mut self, at: [f32; 2], size: [f32; 2], radius: f32, fill: Ink) {
        self.shapes.push(Shape::Rect { at, size, radius, fill, border: None });
    }

    pub fn line(&mut self, from: [f32; 2], to: [f32; 2], ink: Ink) {
        let moves = vec![Move::To(from), Move::Line(to)];
        self.shapes.push(Shape::Path { moves, width: 1.0, ink, dash: None });
    }

    /// Puts another picture into this one.
    pub fn place(&mut self, other: Drawing, [x, y]: [f32; 2]) {
        let moved = |[left, top]: [f32; 2]| [left + x, top + y];
        self.shapes.extend(other.shapes.into_iter().map(|shape| match shape {
            Shape::Rect { at, size, radius, fill, border } => Shape::Rect { at: moved(at), size, radius, fill, border },
            Shape::Dot { at, radius, ink } => Shape::Dot { at: moved(at), radius, ink },
            Shape::Text { at, size, is_bold, ink, anchor, text } => {
                Shape::Text { at: moved(at), size, is_bold, ink, anchor, text }
            }
            Shape::Path { moves, width, ink, dash } => {
                let moves = moves.into_iter().map(|one| match one {
                    Move::To(to) => Move::To(moved(to)),
                    Move::Line(to) => Move::Line(moved(to)),
                    Move::Curve(one, other, to) => Move::Curve(moved(one), moved(other), moved(to)),
                });
                Shape::Path { moves: moves.collect(), width, ink, dash }
            }
        }));
    }

    /// As a document, or, of a page, as an element of it. `id` tells the pictures of a page apart.
    pub fn svg(&self, look: Look, id: &str) -> String {
        let [width, height] = self.size;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\" font-family=\"Inter, system-ui, \
             sans-serif\">\n<title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n",
            xml(&self.title),
            xml(&self.description)
        );
        for shape in &self.shapes {
            let _ = writeln!(svg, "{}", shape_svg(shape, look));
        }
        svg.push_str("</svg>\n");
        svg
    }
}

fn shape_svg(shape: &Shape, look: Look) -> String {
    match shape {
        Shape::Rect { at: [x, y], size: [width, height], radius, fill, border } => {
            let border = border.map_or(String::new(), |ink| format!(";stroke:{}", ink.css(look)));
            let fill = fill.css(look);
            format!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius}\" \
                 style=\"fill:{fill}{border}\"/>"
            )
        }
        Shape::Dot { at: [x, y], radius, ink } => {
            format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" style=\"fill:{}\"/>", ink.css(look))
        }
        Shape::Path { moves, width, ink, dash } => {
            let dash = dash.map_or(String::new(), |[long, gap]| format!(";stroke-dasharray:{long} {gap}"));
            let mut way = String::new();
            for one in moves {
                let _ = match one {
                    Move::To([x, y]) => write!(way, "M{x:.1} {y:.1}"),
                    Move::Line([x, y]) => write!(way, "L{x:.1} {y:.1}"),
                    Move::Curve([a, b], [c, d], [x, y]) => {
                        write!(way, "C{a:.1} {b:.1} {c:.1} {d:.1} {x:.1} {y:.1}")
                    }
                };
            }
            let ink = ink.css(look);
            format!(
                "<path d=\"{way}\" style=\"fill:none;stroke:{ink};stroke-width:{width};stroke-linejoin:round;\
                 stroke-linecap:round{dash}\"/>"
            )
        }
        Shape::Text { at: [x, y], size, is_bold, ink, anchor, text } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let weight = if *is_bold { 600 } else { 400 };
            let ink = ink.css(look);
            format!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" font-weight=\"{weight}\" \
                 text-anchor=\"{anchor}\" style=\"fill:{ink}\">{}</text>",
                xml(text)
            )
        }
    }
}

/// About how wide a text is: no font is asked, so that a picture is the same everywhere. Rather too wide.
pub fn width_of(text: &str, size: f32) -> f32 {
    let wide = |c: char| match c {
        'i' | 'l' | 'j' | 't' | 'f' | 'r' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '(' | ')' | ' ' | '/' => 0.36,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '…' => 0.92,
        c if c.is_ascii_uppercase() => 0.72,
        c if c.is_ascii() => 0.6,
        // Of scripts with broad letters.
        c if u32::from(c) >= 0x1100 => 1.05,
        _ => 0.65,
    };
    text.chars().map(wide).sum::<f32>() * size
}

/// Advances of Inter SemiBold in thousandths of its size, from the space to the tilde.
const BOLD: [u16; 95] = [
    248, 308, 395, 643, 649, 843, 662, 213, 393, 393, 543, 672, 295, 465, 290, 378, 666, 480, 621, 651, 665, 632, 648,
    587, 645, 648, 290, 295, 672, 672, 672, 544, 999, 723, 657, 743, 724, 607, 585, 754, 743, 274, 560, 676, 566, 906,
    740, 774, 643, 775, 650, 649, 659, 733, 723, 1006, 690, 704, 652, 393, 378, 393, 481, 468, 497, 574, 630, 577, 630,
    592, 377, 625, 612, 260, 260, 568, 260, 897, 609, 607, 624, 624, 396, 549, 379, 608, 575, 837, 562, 575, 561, 393,
    357, 393, 672,
];

/// How wide a bold text is in the font that is meant for it: what stands beside it has the same distance from each.
pub fn bold_width_of(text: &str, size: f32) -> f32 {
    let wide = |c: char| {
        let place = (c as usize).checked_sub(' ' as usize).and_then(|place| BOLD.get(place));
        place.map_or_else(|| width_of(c.encode_utf8(&mut [0; 4]), 1.0), |wide| f32::from(*wide) / 1e3)
    };
    text.chars().map(wide).sum::<f32>() * size
}

/// The text, cut in its middle where it would be wider: paths that begin alike are told apart by their ends.
pub fn shortened_inside(text: &str, size: f32, most: f32) -> String {
    if width_of(text, size) <= most {
        return text.to_owned();
    }
    let begin = shortened(text, size, most / 2.0);
    let room = most - width_of(&begin, size);
    let (mut kept, mut width) = (Vec::new(), 0.0);
    for c in text.chars().rev() {
        width += width_of(c.encode_utf8(&mut [0; 4]), size);
        if width > room {
            break;
        }
        kept.push(c);
    }
    begin + kept.into_iter().rev().collect::<String>().trim_start()
}

/// The text, cut where it would be wider.
pub fn shortened(text: &str, size: f32, most: f32) -> String {
    if width_of(text, size) <= most {
        return text.to_owned();
    }
    let room = most - width_of("…", size);
    let (mut kept, mut width) = (String::new(), 0.0);
    for c in text.chars() {
        width += width_of(c.encode_utf8(&mut [0; 4]), size);
        if width > room {
            break;
        }
        kept.push(c);
    }
    kept.trim_end().to_owned() + "…"
}

/// The text in lines of at most that width; a word that is longer, as paths are, is broken.
pub fn wrapped(text: &str, size: f32, most: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    // No line begins with a sign that belongs to the number before it.
    let text = text.replace(" %", "\u{2060}%");
    for word in text.split_whitespace().map(|word| word.replace('\u{2060}', " ")) {
        let is_first = lines.len() == 1 && lines[0].is_empty();
        for (number, part) in broken(&word, size, most).into_iter().enumerate() {
            match lines.last_mut() {
                Some(last) if is_first && number == 0 => *last = part,
                Some(last) if number == 0 && width_of(&format!("{last} {part}"), size) <= most => {
                    *last = format!("{last} {part}");
                }
                _ => lines.push(part),
            }
        }
    }
    lines
}

/// A word in parts of at most that width.
fn broken(word: &str, size: f32, most: f32) -> Vec<String> {
    let (mut parts, mut width) = (vec![String::new()], 0.0);
    for c in word.chars() {
        let wide = width_of(c.encode_utf8(&mut [0; 4]), size);
        if width + wide > most && width > 0.0 {
            parts.push(String::new());
            width = 0.0;
        }
        width += wide;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_stay_texts() {
        let hostile = "</text><script>alert(1)</script>\" onload='x' \u{7} &amp;";
        let mut drawing = Drawing { size: [10.0, 10.0], title: hostile.into(), ..Drawing::default() };
        drawing.description = hostile.into();
        drawing.text([0.0, 5.0], 11.0, Ink::Text, Anchor::Start, hostile);
        let svg = drawing.svg(Look::Light, "a");
        assert!(!svg.contains("<script") && !svg.contains("onload='") && !svg.contains('\u{7}'), "{svg}");
        assert_eq!(svg.matches("&lt;script&gt;").count(), 3);
    }

    #[test]
    fn long_texts_are_wrapped_and_cut() {
        assert_eq!(wrapped("a fine day", 10.0, 1000.0), ["a fine day"]);
        assert_eq!(wrapped("it is 76.5 % of 51", 10.0, 40.0).concat(), "it is76.5 %of 51");
        let lines = wrapped("the quick brown fox jumps over the lazy dog", 10.0, 90.0);
        assert!(lines.len() > 2 && lines.iter().all(|line| width_of(line, 10.0) <= 90.0), "{lines:?}");
        let broken = wrapped(&format!("“{}”: 3 visitors", "/a/path".repeat(20)), 10.0, 90.0);
        assert!(broken.len() > 8 && broken.iter().all(|line| width_of(line, 10.0) <= 90.0), "{broken:?}");
        assert_eq!(broken.concat().replace(' ', ""), format!("“{}”:3visitors", "/a/path".repeat(20)), "nothing is cut");
        assert!(shortened(&"x".repeat(200), 10.0, 100.0).ends_with('…'));
        assert_eq!(shortened("short", 10.0, 100.0), "short");
    }
}
