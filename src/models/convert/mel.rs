//! The mel filter bank of Whisper.

/// Sample rate of all Whisper models, in Hz.
const RATE: f64 = 16_000.0;
/// Number of frequency bins of a 400-point Fourier transform.
pub const BINS: usize = 201;

/// Triangular filters on the Slaney mel scale, each with unit area: `bands` rows of [`BINS`] weights.
/// The scale is linear below 1 kHz and logarithmic above (Slaney, Auditory Toolbox, 1998).
pub fn filters(bands: usize) -> Vec<f32> {
    let top = to_mel(RATE / 2.0);
    let edges: Vec<f64> = (0..bands + 2)
        .map(|i| to_hertz(top * as_f64(i) / as_f64(bands + 1)))
        .collect();
    let bins: Vec<f64> = (0..BINS)
        .map(|i| RATE / 2.0 * as_f64(i) / as_f64(BINS - 1))
        .collect();
    let mut filters = Vec::with_capacity(bands * BINS);
    for triangle in edges.windows(3) {
        let [low, peak, high] = *triangle else {
            continue;
        };
        let area = 2.0 / (high - low);
        for bin in &bins {
            let rising = (bin - low) / (peak - low);
            let falling = (high - bin) / (high - peak);
            #[expect(clippy::cast_possible_truncation, reason = "the format stores 32 bits")]
            filters.push((rising.min(falling).max(0.0) * area) as f32);
        }
    }
    filters
}

fn to_mel(hertz: f64) -> f64 {
    if hertz >= 1000.0 {
        15.0 + (hertz / 1000.0).ln() * 27.0 / 6.4_f64.ln()
    } else {
        hertz * 3.0 / 200.0
    }
}

fn to_hertz(mel: f64) -> f64 {
    if mel >= 15.0 {
        1000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp()
    } else {
        mel * 200.0 / 3.0
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the numbers are below a thousand"
)]
fn as_f64(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_have_unit_area_and_rising_peaks() {
        let filters = filters(80);
        assert_eq!(filters.len(), 80 * BINS);
        let peak = |row: &[f32]| {
            (0..BINS)
                .max_by(|a, b| row[*a].total_cmp(&row[*b]))
                .unwrap()
        };
        let peaks: Vec<_> = filters.chunks(BINS).map(peak).collect();
        assert!(peaks.windows(2).all(|pair| pair[0] <= pair[1]), "{peaks:?}");
        // The wide upper filters are sampled finely enough for their area to show: bins are 40 Hz.
        for row in filters.chunks(BINS).skip(60) {
            let area: f32 = row.iter().sum::<f32>() * 40.0;
            assert!((area - 1.0).abs() < 0.05, "{area}");
        }
    }
}
