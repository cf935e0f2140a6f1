//! Fits the weights of the score to conversations whose end is known: a logistic regression with a penalty, whose predictions for a
//! conversation come from the others (cross-validation).

use std::fmt::Write;

use super::statistics::to_f64;
use crate::analysis::score::{Features, NAMES};

const FOLDS: usize = 10;
const STEPS: usize = 2000;
const RATE: f64 = 0.3;
/// Weighs against large weights; found by the order of the sample's size, not tuned.
const PENALTY: f64 = 0.02;

/// The bias, then a weight for each name.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub bias: f64,
    pub weights: [f64; NAMES.len()],
}

impl Fitted {
    fn logit(&self, features: &Features) -> f64 {
        let parts = self.weights.iter().zip(&features.values);
        self.bias + parts.map(|(weight, value)| weight * value).sum::<f64>()
    }

    pub fn chance(&self, features: &Features) -> f64 {
        1.0 / (1.0 + (-self.logit(features)).exp())
    }

    /// The table as `weights.toml` has it.
    pub fn to_toml(&self, table: &str) -> String {
        let mut text = format!("[{table}]\nbias = {:.3}\n", self.bias);
        for (name, weight) in NAMES.iter().zip(self.weights) {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{name} = {weight:.3}");
        }
        text
    }
}

/// Fits to samples of features with whether something came of it.
pub fn fit(samples: &[(&Features, bool)]) -> Fitted {
    let mut fitted = Fitted {
        bias: 0.0,
        weights: [0.0; NAMES.len()],
    };
    let count = to_f64(samples.len().max(1));
    for _ in 0..STEPS {
        let mut bias = 0.0;
        let mut slopes = [0.0; NAMES.len()];
        for (features, truth) in samples {
            let error = fitted.chance(features) - f64::from(u8::from(*truth));
            bias += error;
            for (slope, value) in slopes.iter_mut().zip(&features.values) {
                *slope += error * value;
            }
        }
        fitted.bias -= RATE * bias / count;
        for (weight, slope) in fitted.weights.iter_mut().zip(slopes) {
            *weight -= RATE * (slope / count + PENALTY * *weight);
        }
    }
    fitted
}

/// A chance for each sample, from weights that were fitted without it.
pub fn cross_validate(samples: &[(&Features, bool)]) -> Vec<f64> {
    let mut chances = vec![0.5; samples.len()];
    for fold in 0..FOLDS.min(samples.len()) {
        let others: Vec<(&Features, bool)> = samples
            .iter()
            .enumerate()
            .filter(|(at, _)| at % FOLDS != fold)
            .map(|(_, sample)| *sample)
            .collect();
        let fitted = fit(&others);
        let own = samples
            .iter()
            .enumerate()
            .filter(|(at, _)| at % FOLDS == fold);
        for (at, (features, _)) in own {
            if let Some(chance) = chances.get_mut(at) {
                *chance = fitted.chance(features);
            }
        }
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(first: f64, second: f64) -> Features {
        let mut values = [0.0; NAMES.len()];
        values[0] = first;
        values[1] = second;
        Features {
            values,
            judged: false,
        }
    }

    #[test]
    fn what_tells_gets_a_weight_and_noise_does_not() {
        let all: Vec<(Features, bool)> = (0..80)
            .map(|at| {
                let truth = at % 2 == 0;
                let noise = f64::from(u8::from(at % 3 == 0));
                (features(f64::from(u8::from(truth)), noise), truth)
            })
            .collect();
        let samples: Vec<(&Features, bool)> = all.iter().map(|(f, truth)| (f, *truth)).collect();
        let fitted = fit(&samples);
        assert!(
            fitted.weights[0] > 1.0 && fitted.weights[1].abs() < 0.2,
            "{fitted:?}"
        );
        let chances = cross_validate(&samples);
        assert!(chances[0] > 0.5 && chances[1] < 0.5);
        let text = fitted.to_toml("counted");
        assert!(text.starts_with("[counted]\nbias = ") && text.contains("\nrefuses = 0.000\n"));
    }
}
