//! The owner's colour, made readable: WCAG 2.2 asks for a contrast of 3:1 for what one operates (1.4.11) and 4.5:1 for text
//! (1.4.3).

use serde::Serialize;
use utoipa::ToSchema;

/// For the button, the ring of the focus and edges.
const LEAST: f64 = 3.0;
/// Background of the widget in light, as in `assets/widget/look.js`.
const LIGHT: Rgb = Rgb(0xff, 0xff, 0xff);
/// Background of the widget in dark, as there.
const DARK: Rgb = Rgb(0x19, 0x1d, 0x1b);
const BLACK: Rgb = Rgb(0, 0, 0);
/// Steps from a colour to black or white.
const STEPS: u16 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rgb(u8, u8, u8);

/// A colour as it is shown on each background, with the colour of text on it; each as `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Colours {
    pub(in crate::http) light: String,
    pub(in crate::http) on_light: String,
    pub(in crate::http) dark: String,
    pub(in crate::http) on_dark: String,
}

impl Colours {
    /// From `#rrggbb`; what is none becomes black.
    pub(in crate::http) fn of(colour: &str) -> Self {
        let wanted = Rgb::parse(colour).unwrap_or(BLACK);
        let light = wanted.until_seen_on(LIGHT, BLACK);
        let dark = wanted.until_seen_on(DARK, LIGHT);
        Self {
            light: light.write(),
            on_light: light.text().write(),
            dark: dark.write(),
            on_dark: dark.text().write(),
        }
    }

    /// Whether the owner's colour is shown as it is on light pages.
    pub(in crate::http) fn keeps(&self, colour: &str) -> bool {
        self.light.eq_ignore_ascii_case(colour)
    }
}

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self(red, green, blue))
    }

    fn write(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Relative luminance (WCAG 2.2, definition of "relative luminance").
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// From 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The nearest mix with `towards` that is seen on `background`.
    fn until_seen_on(self, background: Self, towards: Self) -> Self {
        let mixes = (0..=STEPS).map(|step| self.mix(towards, step));
        let seen = mixes
            .into_iter()
            .find(|mixed| mixed.contrast(background) >= LEAST);
        seen.unwrap_or(towards)
    }

    fn mix(self, other: Self, step: u16) -> Self {
        let part = |from: u8, to: u8| {
            let sum = u16::from(from) * (STEPS - step) + u16::from(to) * step;
            u8::try_from(sum / STEPS).unwrap_or(u8::MAX)
        };
        Self(
            part(self.0, other.0),
            part(self.1, other.1),
            part(self.2, other.2),
        )
    }

    /// Black or white, whichever is read better on it; that is always at least 4.5:1.
    fn text(self) -> Self {
        if self.contrast(BLACK) >= self.contrast(LIGHT) {
            BLACK
        } else {
            LIGHT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_the_guidelines() {
        assert!((BLACK.contrast(LIGHT) - 21.0).abs() < 1e-9);
        // A grey that is known to be just readable on white.
        let grey = Rgb::parse("#767676").unwrap();
        assert!((grey.contrast(LIGHT) - 4.54).abs() < 0.01);
    }

    #[test]
    fn every_colour_becomes_readable() {
        for red in (0..=255_u8).step_by(51) {
            for green in (0..=255_u8).step_by(51) {
                for blue in (0..=255_u8).step_by(51) {
                    let colours = Colours::of(&Rgb(red, green, blue).write());
                    let parsed = |text: &str| Rgb::parse(text).unwrap();
                    let (light, dark) = (parsed(&colours.light), parsed(&colours.dark));
                    assert!(light.contrast(LIGHT) >= LEAST, "{colours:?}");
                    assert!(dark.contrast(DARK) >= LEAST, "{colours:?}");
                    assert!(
                        parsed(&colours.on_light).contrast(light) >= 4.5,
                        "{colours:?}"
                    );
                    assert!(
                        parsed(&colours.on_dark).contrast(dark) >= 4.5,
                        "{colours:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_readable_colour_stays_and_a_pale_one_is_darkened() {
        assert!(Colours::of("#0f6b57").keeps("#0F6B57"));
        let pale = Colours::of("#ffee88");
        assert!(!pale.keeps("#ffee88"));
        assert_eq!(pale.dark, "#ffee88");
    }
}
