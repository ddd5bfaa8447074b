//! The designer's look as tokens: colours, type, spacing and radii, and how
//! they become an egui style. The only file of the designer that may name a
//! colour, a font or a text size. Imports egui, and the fonts that ship.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::style::{ScrollStyle, Selection, TextCursorStyle, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, RichText, Shadow, Stroke,
    Style, TextStyle, Theme, ThemePreference, Vec2, Visuals,
};

use crate::pictures::fonts;

/// Captions: footers, badges, lane titles. Points.
pub const CAPTION: f32 = 11.0;
/// Data and expressions. JetBrains Mono runs larger than Inter: 12 looks like 13.
pub const CODE: f32 = 12.0;
/// Body text. Points.
pub const BODY: f32 = 13.0;
/// Titles of panels and forms. Points.
pub const TITLE: f32 = 15.0;
/// The number of an answer. Points.
pub const NUMBER: f32 = 26.0;

/// The 4-point spacing grid.
pub const SPACE_1: f32 = 4.0;
/// Two grid units: between related things.
pub const SPACE_2: f32 = 8.0;
/// Three grid units: inside cards and panels.
pub const SPACE_3: f32 = 12.0;
/// Four grid units: panel margins.
pub const SPACE_4: f32 = 16.0;
/// Six grid units: between groups of things.
pub const SPACE_6: f32 = 24.0;

/// Corner radius of fields and buttons.
pub const RADIUS_FIELD: u8 = 6;
/// Corner radius of steps and cards.
pub const RADIUS_STEP: u8 = 9;
/// Height of a button or a field.
pub const CONTROL_HEIGHT: f32 = 26.0;

const SEMIBOLD: &str = "semibold";

/// A palette group of steps. Its hue never stands alone: an icon goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Sources and readers.
    Extract,
    /// Columns and rows in another form.
    Shape,
    /// Repairs: types, duplicates, nulls.
    Clean,
    /// Joins and lookups.
    Enrich,
    /// Aggregates, windows, sessions.
    Analyse,
    /// Expectations.
    Check,
    /// Destinations.
    Load,
    /// Answer cards.
    Answer,
}

impl Group {
    /// Every group, in the order of lanes and palette.
    pub const ALL: [Self; 8] =
        [Self::Extract, Self::Shape, Self::Clean, Self::Enrich, Self::Analyse, Self::Check, Self::Load, Self::Answer];

    /// The word on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Extract => "Extract",
            Self::Shape => "Shape",
            Self::Clean => "Clean",
            Self::Enrich => "Enrich",
            Self::Analyse => "Analyse",
            Self::Check => "Check",
            Self::Load => "Load",
            Self::Answer => "Answer",
        }
    }
}

/// All colours of one mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// Dark mode?
    pub dark: bool,
    /// The canvas, and the ground of fields.
    pub canvas: Color32,
    /// Panels.
    pub panel: Color32,
    /// Steps, cards and buttons.
    pub raised: Color32,
    /// The one line colour.
    pub hairline: Color32,
    /// Text.
    pub text: Color32,
    /// Secondary text; meets WCAG AA on every ground.
    pub soft: Color32,
    /// Decoration only: never for what must be read.
    pub faint: Color32,
    /// Selection, focus, links and the main action.
    pub accent: Color32,
    /// Exact, matched, done.
    pub good: Color32,
    /// Needs a look.
    pub warning: Color32,
    /// Errors.
    pub bad: Color32,
    /// Hue of Extract.
    pub extract: Color32,
    /// Hue of Shape.
    pub shape: Color32,
    /// Hue of Clean.
    pub clean: Color32,
    /// Hue of Enrich.
    pub enrich: Color32,
    /// Hue of Analyse.
    pub analyse: Color32,
    /// Hue of Check.
    pub check: Color32,
    /// Hue of Load and Answer.
    pub load: Color32,
    /// Text and icons on a coloured ground.
    pub on_colour: Color32,
    /// The shadow under steps.
    pub shadow: Color32,
}

/// The dark palette.
pub const DARK: Palette = Palette {
    dark: true,
    canvas: rgb(0x14161a),
    panel: rgb(0x1b1e24),
    raised: rgb(0x23272f),
    hairline: rgb(0x2e333d),
    text: rgb(0xe6e9ef),
    soft: rgb(0x9aa3b2),
    faint: rgb(0x6b7484),
    accent: rgb(0x5b9dff),
    good: rgb(0x4cc38a),
    warning: rgb(0xe5b454),
    bad: rgb(0xf2777a),
    extract: rgb(0x35b6a6),
    shape: rgb(0x5b9dff),
    clean: rgb(0x9d8cff),
    enrich: rgb(0xe0a93b),
    analyse: rgb(0xe46fa6),
    check: rgb(0x7cb342),
    load: rgb(0xef8354),
    on_colour: rgb(0x14161a),
    shadow: Color32::from_black_alpha(80),
};

/// The light palette.
pub const LIGHT: Palette = Palette {
    dark: false,
    canvas: rgb(0xf4f5f7),
    panel: rgb(0xffffff),
    raised: rgb(0xffffff),
    hairline: rgb(0xdfe3ea),
    text: rgb(0x1c2230),
    soft: rgb(0x566072),
    faint: rgb(0x8a93a3),
    accent: rgb(0x2767d8),
    good: rgb(0x1f8f5c),
    warning: rgb(0xa87410),
    bad: rgb(0xc93a3e),
    extract: rgb(0x118477),
    shape: rgb(0x2767d8),
    clean: rgb(0x6a55d9),
    enrich: rgb(0xa87410),
    analyse: rgb(0xb83a78),
    check: rgb(0x4f7d1c),
    load: rgb(0xc25525),
    on_colour: rgb(0xffffff),
    shadow: Color32::from_black_alpha(38),
};

impl Palette {
    /// The hue of a palette group.
    pub const fn hue(&self, group: Group) -> Color32 {
        match group {
            Group::Extract => self.extract,
            Group::Shape => self.shape,
            Group::Clean => self.clean,
            Group::Enrich => self.enrich,
            Group::Analyse => self.analyse,
            Group::Check => self.check,
            Group::Load | Group::Answer => self.load,
        }
    }

    /// The soft ring around what is selected or focused.
    pub fn ring(&self) -> Color32 {
        self.accent.gamma_multiply(0.24)
    }

    /// The ground of a selected row or entry.
    pub fn selected_ground(&self) -> Color32 {
        mix(self.panel, self.accent, 0.16)
    }

    /// The ground of a raised thing under the pointer.
    pub fn hovered_ground(&self) -> Color32 {
        mix(self.raised, self.text, 0.06)
    }

    /// A hairline that stands out a little more: borders under the pointer.
    pub fn strong_hairline(&self) -> Color32 {
        mix(self.hairline, self.text, 0.18)
    }

    /// A state or group colour as small text: dark enough for WCAG AA on every
    /// ground. (On dark grounds the colours are bright enough as they are.)
    pub fn ink(&self, colour: Color32) -> Color32 {
        if self.dark { colour } else { mix(colour, self.text, 0.22) }
    }

    /// Wires at rest. Visible on the canvas, quieter than text.
    pub fn wire(&self) -> Color32 {
        self.faint
    }
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// A colour of a picture that core has laid out.
pub const fn of_picture([red, green, blue]: [u8; 3]) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

/// `share` of `top` mixed into `ground`; 0 is the ground, 1 the top.
pub fn mix(ground: Color32, top: Color32, share: f32) -> Color32 {
    ground.lerp_to_gamma(top, share)
}

/// The palette in use.
pub fn palette(ctx: &Context) -> &'static Palette {
    match ctx.theme() {
        Theme::Dark => &DARK,
        Theme::Light => &LIGHT,
    }
}

/// Caption text.
pub fn caption() -> FontId {
    FontId::new(CAPTION, FontFamily::Proportional)
}

/// Body text.
pub fn body() -> FontId {
    FontId::new(BODY, FontFamily::Proportional)
}

/// Body text that stands out: step titles, table headers, the current tab.
pub fn strong() -> FontId {
    FontId::new(BODY, semibold_family())
}

/// Titles of panels and forms.
pub fn title() -> FontId {
    FontId::new(TITLE, semibold_family())
}

/// The number of an answer.
pub fn number() -> FontId {
    FontId::new(NUMBER, semibold_family())
}

/// Data and expressions.
pub fn code() -> FontId {
    FontId::new(CODE, FontFamily::Monospace)
}

/// A font of the set at another size, for zoomed drawing.
pub fn scaled(font: &FontId, size: f32) -> FontId {
    FontId::new(size, font.family.clone())
}

/// Semibold body text for labels and buttons.
pub fn semibold(text: impl Into<String>) -> RichText {
    RichText::new(text).font(strong())
}

fn semibold_family() -> FontFamily {
    FontFamily::Name(SEMIBOLD.into())
}

/// Give `ctx` the fonts and both styles, and choose a mode (or follow the system).
/// Cheap to call again when only the mode changes.
pub fn apply(ctx: &Context, mode: ThemePreference) {
    let installed = egui::Id::unique("pipewright theme");
    if !ctx.data(|data| data.get_temp::<bool>(installed).unwrap_or(false)) {
        ctx.set_fonts(fonts());
        ctx.set_style_of(Theme::Dark, style(&DARK));
        ctx.set_style_of(Theme::Light, style(&LIGHT));
        ctx.data_mut(|data| data.insert_temp(installed, true));
    }
    ctx.set_theme(mode);
}

fn fonts() -> FontDefinitions {
    const INTER: &str = "Inter";
    const INTER_SEMIBOLD: &str = "Inter SemiBold";
    const MONO: &str = "JetBrains Mono";
    let mut fonts = FontDefinitions::empty();
    let files: [(&str, &'static [u8]); 3] =
        [(INTER, fonts::INTER), (INTER_SEMIBOLD, fonts::INTER_SEMIBOLD), (MONO, fonts::JETBRAINS_MONO)];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    // Each family falls back on the others for glyphs that it lacks.
    for (family, order) in [
        (FontFamily::Proportional, [INTER, MONO, INTER_SEMIBOLD]),
        (semibold_family(), [INTER_SEMIBOLD, INTER, MONO]),
        (FontFamily::Monospace, [MONO, INTER, INTER_SEMIBOLD]),
    ] {
        fonts.families.insert(family, order.map(str::to_owned).to_vec());
    }
    fonts
}

fn text_styles() -> BTreeMap<TextStyle, FontId> {
    [
        (TextStyle::Small, caption()),
        (TextStyle::Body, body()),
        (TextStyle::Button, body()),
        (TextStyle::Heading, title()),
        (TextStyle::Monospace, code()),
    ]
    .into()
}

/// The complete egui style of one palette, so that plain egui widgets look like ours.
fn style(palette: &Palette) -> Style {
    let mut style =
        Style { text_styles: text_styles(), visuals: visuals(palette), animation_time: 0.12, ..Style::default() };
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(SPACE_2, SPACE_1);
    spacing.button_padding = Vec2::new(SPACE_2 + 2.0, SPACE_1);
    spacing.interact_size = Vec2::new(CONTROL_HEIGHT, CONTROL_HEIGHT);
    spacing.window_margin = Margin::same(SPACE_4 as i8);
    spacing.menu_margin = Margin::same(SPACE_1 as i8);
    spacing.menu_spacing = SPACE_1;
    spacing.indent = SPACE_4;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 8.0;
    spacing.icon_spacing = SPACE_2 - 2.0;
    spacing.slider_width = 140.0;
    spacing.slider_rail_height = 4.0;
    spacing.combo_width = 140.0;
    spacing.tooltip_width = 360.0;
    spacing.scroll = ScrollStyle { bar_width: 8.0, bar_inner_margin: 2.0, ..ScrollStyle::floating() };
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;
    style
}

fn visuals(palette: &Palette) -> Visuals {
    let base = if palette.dark { Visuals::dark() } else { Visuals::light() };
    let field_radius = CornerRadius::same(RADIUS_FIELD);
    Visuals {
        weak_text_color: Some(palette.soft),
        widgets: widgets(palette),
        selection: Selection { bg_fill: palette.selected_ground(), stroke: Stroke::new(1.0, palette.accent) },
        hyperlink_color: palette.accent,
        faint_bg_color: mix(palette.panel, palette.text, 0.03),
        extreme_bg_color: palette.canvas,
        text_edit_bg_color: Some(palette.canvas),
        code_bg_color: palette.canvas,
        warn_fg_color: palette.warning,
        error_fg_color: palette.bad,
        window_corner_radius: CornerRadius::same(RADIUS_STEP),
        window_shadow: Shadow::NONE,
        window_fill: palette.panel,
        window_stroke: Stroke::new(1.0, palette.strong_hairline()),
        window_highlight_topmost: false,
        menu_corner_radius: field_radius,
        panel_fill: palette.panel,
        popup_shadow: Shadow::NONE,
        text_cursor: TextCursorStyle { stroke: Stroke::new(1.5, palette.accent), ..TextCursorStyle::default() },
        button_frame: true,
        indent_has_left_vline: false,
        striped: false,
        slider_trailing_fill: true,
        handle_shape: egui::style::HandleShape::Circle,
        disabled_alpha: 0.5,
        ..base
    }
}

fn widgets(palette: &Palette) -> Widgets {
    let look = |ground: Color32, weak_ground: Color32, border: Color32, text: Color32| WidgetVisuals {
        bg_fill: ground,
        weak_bg_fill: weak_ground,
        bg_stroke: Stroke::new(1.0, border),
        corner_radius: CornerRadius::same(RADIUS_FIELD),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    let hover = palette.hovered_ground();
    let pressed = mix(palette.raised, palette.text, 0.12);
    Widgets {
        noninteractive: look(palette.panel, palette.panel, palette.hairline, palette.text),
        // Where a field or a box begins is seen by its border alone.
        inactive: look(palette.canvas, palette.raised, palette.strong_hairline(), palette.text),
        hovered: look(hover, hover, palette.soft, palette.text),
        active: look(pressed, pressed, palette.accent, palette.text),
        open: look(hover, hover, palette.strong_hairline(), palette.text),
    }
}

/// Contrast of two opaque colours by WCAG 2.2 (1 to 21). Text needs 4.5.
pub fn contrast(one: Color32, other: Color32) -> f32 {
    let (light, dark) = {
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b), a.min(b))
    };
    (light + 0.05) / (dark + 0.05)
}

fn luminance(colour: Color32) -> f32 {
    let channel = |value: u8| {
        let value = f32::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_read_meets_wcag_aa() {
        for palette in [&DARK, &LIGHT] {
            for ground in [palette.canvas, palette.panel, palette.raised] {
                for text in [palette.text, palette.soft] {
                    assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}");
                }
            }
            for colour in [palette.good, palette.bad, palette.warning, palette.accent] {
                for ground in [palette.canvas, palette.panel, palette.raised] {
                    let found = contrast(palette.ink(colour), ground);
                    assert!(found >= 4.5, "{colour:?} on {ground:?}: {found}");
                }
            }
            for group in Group::ALL {
                // Icons are graphics: 3 is enough.
                let found = contrast(palette.on_colour, palette.hue(group));
                assert!(found >= 3.0, "{group:?}: {found}");
            }
        }
    }

    #[test]
    fn the_fonts_carry_the_glyphs_that_the_designer_writes() {
        let ctx = Context::default();
        apply(&ctx, ThemePreference::Dark);
        ctx.run_ui(Default::default(), |_| {}).drop_without_applying_deltas();
        ctx.fonts_mut(|fonts| {
            for font in [body(), strong(), code()] {
                assert!(fonts.has_glyphs(&font, "·…×→←↑↓≥≤≠±µ–—“”‘’✓ΣÄéß0123456789"));
            }
        });
    }
}
