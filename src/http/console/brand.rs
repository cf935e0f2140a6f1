//! The look of a workspace on its pages: its logo, and its colour made legible.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::Failure;
use super::guard::SignedIn;
use crate::app::App;
use crate::http::problem::Problem;
use crate::http::voice::logo;

/// What WCAG 2.2 asks of text (criterion 1.4.3).
const LEGIBLE: f64 = 4.5;
/// Steps towards black or white until a colour is legible.
const STEPS: u8 = 20;

type Rgb = [u8; 3];

/// `GET /brand/logo`: the logo of the workspace that the browser is in.
pub(super) async fn logo(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    Ok(logo::for_staff(&app.store, person.workspace.id).await?)
}

/// `GET /brand/{colour}`: the style sheet of a colour, in six hexadecimal digits.
pub(super) async fn colour(Path(digits): Path<String>) -> Result<Response, Failure> {
    let colour = parse(&digits).ok_or_else(|| Problem::not_found("colour"))?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/css; charset=utf-8"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=86400"),
        ),
    ];
    Ok((headers, sheet(colour)).into_response())
}

fn parse(digits: &str) -> Option<Rgb> {
    let bytes = hex::decode(digits).ok()?;
    bytes.try_into().ok()
}

fn sheet(colour: Rgb) -> String {
    let (white, black) = ([255; 3], [0; 3]);
    // Ours, as in tokens.css, on which text of the colour stands.
    let light = legible(colour, white, black);
    let dark = legible(colour, [0x19, 0x1d, 0x1b], white);
    let [light, dark] = [light, dark].map(|rgb| format!("#{}", hex::encode(rgb)));
    format!(
        ":root {{\n  --color-accent: light-dark({light}, {dark});\n  \
         --color-accent-hover: light-dark(color-mix(in srgb, {light} 85%, black), color-mix(in srgb, {dark} 85%, white));\n  \
         --color-accent-soft: light-dark(color-mix(in srgb, {light} 12%, white), color-mix(in srgb, {dark} 22%, black));\n  \
         --color-on-accent: light-dark(#ffffff, #10140f);\n}}\n"
    )
}

/// The colour, moved towards another until it is legible on a ground.
fn legible(colour: Rgb, ground: Rgb, towards: Rgb) -> Rgb {
    let moved = (0..=STEPS).map(|step| mix(colour, towards, f64::from(step) / f64::from(STEPS)));
    let mut last = towards;
    for candidate in moved {
        last = candidate;
        if contrast(candidate, ground) >= LEGIBLE {
            break;
        }
    }
    last
}

fn mix(from: Rgb, to: Rgb, share: f64) -> Rgb {
    let mut mixed = from;
    for (part, goal) in mixed.iter_mut().zip(to) {
        let (a, b) = (f64::from(*part), f64::from(goal));
        // Between 0 and 255, as both are.
        let mean = (a + (b - a) * share).round() as u8;
        *part = mean;
    }
    mixed
}

/// WCAG's contrast ratio of two colours, 1 to 21.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG's relative luminance.
fn luminance(rgb: Rgb) -> f64 {
    let [r, g, b] = rgb.map(|part| {
        let part = f64::from(part) / 255.0;
        match part <= 0.040_45 {
            true => part / 12.92,
            false => ((part + 0.055) / 1.055).powf(2.4),
        }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_becomes_legible_and_a_good_one_stays() {
        let white = [255; 3];
        for colour in [[255, 230, 0], [255; 3], [120, 200, 255], [0; 3]] {
            assert!(contrast(legible(colour, white, [0; 3]), white) >= LEGIBLE);
            let night = [0x19, 0x1d, 0x1b];
            assert!(contrast(legible(colour, night, white), night) >= LEGIBLE);
        }
        let pine = [0x0f, 0x6b, 0x57];
        assert_eq!(legible(pine, white, [0; 3]), pine);
        assert!((contrast(white, [0; 3]) - 21.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_but_six_digits_is_a_colour() {
        assert_eq!(parse("0f6b57"), Some([0x0f, 0x6b, 0x57]));
        for wrong in ["", "fff", "0f6b5", "0f6b57;}", "zzzzzz", "0f6b5700"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
