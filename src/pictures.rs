//! Pictures of answers and of the map as files: PNG and PDF of what core has laid out (SVG is written there). For the
//! command line and the designer alike; touches no file. Imports core, a rasteriser, fonts and the formats' writers.

pub mod fonts;
mod pdf;
mod png;

use std::path::{Path, PathBuf};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::answers::{AnswerPage, html, picture};
use pipewright_core::export::drawing::{Drawing, Look};
use pipewright_core::files::{Publication, inside, is_same_place};

/// What pictures are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    Svg,
    Png,
    Pdf,
}

impl PictureKind {
    pub fn extension(self) -> &'static str {
        match self {
            PictureKind::Svg => "svg",
            PictureKind::Png => "png",
            PictureKind::Pdf => "pdf",
        }
    }
}

/// The bytes of a picture.
///
/// # Errors
/// A picture that is too large for a file of pixels.
pub fn bytes_of(drawing: &Drawing, look: Look, kind: PictureKind) -> Result<Vec<u8>, Diagnostic> {
    match kind {
        PictureKind::Svg => Ok(drawing.svg(look, "picture").into_bytes()),
        PictureKind::Png => png::png(drawing, look),
        PictureKind::Pdf => Ok(pdf::pdf(drawing, look)),
    }
}

/// Files of answers, by their place: one page of all at `out`, or, as pictures, one for each in the folder `out`.
pub fn answer_files(
    project: &str,
    pages: &[AnswerPage],
    kind: Option<(PictureKind, Look)>,
    out: &Path,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Diagnostic> {
    let Some((kind, look)) = kind else {
        return Ok(vec![(out.to_owned(), html(project, pages).into_bytes())]);
    };
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for page in pages {
        let name = format!("{}.{}", page.picture, kind.extension());
        // The name comes from the project, and a folder may have links of anybody's.
        let path = inside(out, &name).map_err(|fault| fault.help("take the link away, or write to another folder"))?;
        files.push((path, bytes_of(&picture(project, page), look, kind)?));
    }
    Ok(files)
}

/// Puts files in place, all of them or none, and none over what they were made of. Gives what was there before and is
/// kept under another name.
pub fn publish(
    files: &[(PathBuf, Vec<u8>)],
    made_of: &[PathBuf],
    write: &dyn Fn(&Path, &[u8]) -> std::io::Result<()>,
) -> Published {
    let mut publication = Publication::default();
    for (path, bytes) in files {
        if made_of.iter().any(|file| is_same_place(file, path)) {
            return Err(Diagnostic::error("PW0969", "this is the project, or one of the files that it reads")
                .help("write to another place: what is read stays as it is")
                .file(path.display().to_string()));
        }
        let aside = publication.output(path)?;
        write(&aside, bytes).map_err(|error| {
            let cause = pipewright_core::diagnostic::io_cause(&error);
            Diagnostic::error("PW1090", format!("this cannot be written: {cause}"))
                .help("choose another place, or see whether the disk has space and may be written to")
                .file(path.display().to_string())
        })?;
    }
    let kept = publication.publish()?;
    Ok(kept.into_iter().map(|(_, kept)| kept.display().to_string()).collect())
}

/// Names of files that were kept, or why nothing was written.
pub type Published = Result<Vec<String>, Diagnostic>;

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::export::drawing::{Anchor, Ink, Move, Shape};

    fn drawing() -> Drawing {
        let mut drawing = Drawing { size: [100.0, 50.0], title: "t".into(), ..Drawing::default() };
        drawing.rect([0.0, 0.0], [100.0, 50.0], 0.0, Ink::Panel);
        drawing.rect([10.0, 10.0], [20.0, 10.0], 3.0, Ink::Hue(0));
        drawing.text([10.0, 40.0], 12.0, Ink::Text, Anchor::Start, "Größe 12 %");
        let moves = vec![Move::To([40.0, 10.0]), Move::Curve([60.0, 10.0], [60.0, 40.0], [90.0, 40.0])];
        drawing.shapes.push(Shape::Path { moves, width: 2.0, ink: Ink::Soft, dash: Some([4.0, 2.0]) });
        drawing.shapes.push(Shape::Dot { at: [90.0, 10.0], radius: 2.5, ink: Ink::Accent });
        drawing
    }

    #[test]
    fn a_picture_of_pixels_shows_what_was_drawn() {
        let bytes = bytes_of(&drawing(), Look::Light, PictureKind::Png).unwrap();
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (200, 100));
        let pixel = |x: usize, y: usize| &pixels[(y * 200 + x) * 4..][..3];
        assert_eq!(pixel(40, 30), Ink::Hue(0).rgb(Look::Light));
        assert_eq!(pixel(2, 2), Ink::Panel.rgb(Look::Light));
        let dark = |x: usize, y: usize| pixel(x, y).iter().all(|part| *part < 0x80);
        let text = (20..170).flat_map(|x| (60..84).map(move |y| (x, y))).filter(|(x, y)| dark(*x, *y)).count();
        assert!(text > 100, "the text is drawn: {text}");
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_before_it_is_drawn() {
        let large = Drawing { size: [9_000.0, 9_000.0], ..Drawing::default() };
        assert_eq!(bytes_of(&large, Look::Light, PictureKind::Png).unwrap_err().code, "PW1091");
        assert!(bytes_of(&large, Look::Light, PictureKind::Svg).is_ok());
    }

    #[test]
    fn a_pdf_has_its_text_as_text() {
        let bytes = bytes_of(&drawing(), Look::Light, PictureKind::Pdf).unwrap();
        assert!(bytes.starts_with(b"%PDF-1.7") && bytes.trim_ascii_end().ends_with(b"%%EOF"));
        let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(has(b"/ToUnicode") && has(b"/FontFile3") && has(b"/MediaBox [0 0 100 50]"));
    }
}
